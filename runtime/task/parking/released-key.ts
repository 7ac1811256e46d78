import { type Release, parkedText } from '../release.ts';
import type { SchemaWaiter } from '../schema-waiter.ts';

/** A key that a person released: its records are worked off while its row is at the failure that was meant. */
export class ReleasedKey implements SchemaWaiter {
  readonly release: Release;
  /** The schema id that its next record waits for. */
  pendingSchema: number | undefined;

  constructor(release: Release) {
    this.release = release;
  }

  /** Key and failure: the same for a note that is read twice. */
  get id(): string {
    const { key, parked } = this.release;
    return `${parkedText(parked)} ${key.toString('latin1')}`;
  }

  schemaResolved(): void {
    this.pendingSchema = undefined;
  }
}
