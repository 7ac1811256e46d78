/** A table of which every member has a full copy: joined by any key. */
export class GlobalKTable<K = unknown, V = unknown> {
  /** How joins refer to it. */
  readonly ref: string;
  readonly global = true;
  declare readonly row?: readonly [K, V];

  constructor(ref: string) {
    this.ref = ref;
  }
}
