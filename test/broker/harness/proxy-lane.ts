import type { Writable } from 'node:stream';
import type { HeldFrame } from './request-hold.ts';

/** Bytes on their way. */
interface Item {
  readonly bytes: Buffer;
  /** Not before that, ms since the epoch. */
  readonly at: number;
  state: 'free' | 'held' | 'overtaken';
}

/** One direction of a proxied connection: bytes leave in the order in which they came, when they may. */
export class ProxyLane {
  readonly #sink: Writable;
  readonly #drained: () => void;
  #queue: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stalled = false;

  /** `drained` is called whenever nothing is left on the way. */
  constructor(sink: Writable, drained: () => void) {
    this.#sink = sink;
    this.#drained = drained;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Sends bytes so many ms later. */
  send(bytes: Buffer, delayMs: number): void {
    this.#queue.push({ bytes, at: Date.now() + delayMs, state: 'free' });
    this.#pump();
  }

  /** Keeps bytes back until it is said what becomes of them. */
  keep(bytes: Buffer, overtake: boolean): HeldFrame {
    const item: Item = { bytes, at: 0, state: overtake ? 'overtaken' : 'held' };
    this.#queue.push(item);
    return {
      release: () => {
        item.state = 'free';
        this.#pump();
      },
      drop: () => {
        this.#queue = this.#queue.filter((other) => other !== item);
        this.#pump();
      },
    };
  }

  /** Lets nothing pass until it is called with false. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    this.#pump();
  }

  /** Forgets what is on the way. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (!this.#stalled) {
      const index = this.#queue.findIndex(({ state }) => state !== 'overtaken');
      const item = this.#queue[index];
      if (item === undefined || item.state === 'held') break;
      const wait = item.at - Date.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), wait);
        break;
      }
      this.#queue.splice(index, 1);
      if (this.#sink.writable) this.#sink.write(item.bytes);
    }
    if (this.empty) this.#drained();
  }
}
