/** The head of a request, as the proxy sees it pass. Source: Kafka protocol guide, request header v1. */
export interface RequestHead {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** The whole request, header included, without its size. */
  readonly bytes: Buffer;
}

/** Chooses requests. */
export type RequestMatch = (request: RequestHead) => boolean;

/** How requests are held. */
export interface HoldOptions {
  /** What is held back: the request on its way to the broker (default), or its answer. */
  readonly part?: 'request' | 'response';
  /** Later requests (or answers) of the connection pass a held one; by default they wait behind it. */
  readonly overtake?: boolean;
  /** Requests taken at most; no bound by default. */
  readonly limit?: number;
}

/** Requests held back. */
export interface Hold {
  /** Heads of all requests taken so far, in order. */
  readonly taken: readonly RequestHead[];
  /**
   * Resolves as soon as `count` requests have been taken in all (and arrived at the proxy, or their
   * answers did).
   * @throws Error after `timeoutMs` (10,000 by default)
   */
  waitFor(count: number, timeoutMs?: number): Promise<void>;
  /** Sends on what is held, and takes no more. */
  release(): void;
  /** Loses what is held, and takes no more. */
  drop(): void;
}

/** One held thing: what to do with it once that is decided. */
export interface HeldFrame {
  release(): void;
  drop(): void;
}

/** The proxy's side of a {@link Hold}. */
export class RequestHold implements Hold {
  readonly part: 'request' | 'response';
  readonly overtake: boolean;
  readonly taken: RequestHead[] = [];
  readonly #match: RequestMatch;
  readonly #limit: number;
  readonly #ended: () => void;
  readonly #frames: HeldFrame[] = [];
  readonly #waiting = new Set<() => void>();
  #promised = 0;
  #fate: 'held' | 'released' | 'dropped' = 'held';

  constructor(match: RequestMatch, options: HoldOptions, ended: () => void) {
    this.#match = match;
    this.#limit = options.limit ?? Infinity;
    this.part = options.part ?? 'request';
    this.overtake = options.overtake ?? false;
    this.#ended = ended;
  }

  /** True where this request is taken; it counts against the limit from then on. */
  takes(request: RequestHead): boolean {
    if (this.#promised >= this.#limit || !this.#match(request)) return false;
    this.#promised++;
    return true;
  }

  /** Hands over a frame that has arrived; its fate may be decided already. */
  add(request: RequestHead, frame: HeldFrame): void {
    this.taken.push(request);
    if (this.#fate === 'held') this.#frames.push(frame);
    else if (this.#fate === 'released') frame.release();
    else frame.drop();
    for (const check of this.#waiting) check();
  }

  waitFor(count: number, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (this.taken.length < count) return;
        this.#waiting.delete(settle);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(settle);
        reject(new Error(`took ${this.taken.length} of ${count} requests in ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.add(settle);
      settle();
    });
  }

  release(): void {
    this.#end('released');
  }

  drop(): void {
    this.#end('dropped');
  }

  #end(fate: 'released' | 'dropped'): void {
    if (this.#fate !== 'held') return;
    this.#fate = fate;
    this.#ended();
    for (const frame of this.#frames.splice(0)) {
      if (fate === 'released') frame.release();
      else frame.drop();
    }
  }
}

/** The head of a request frame (without its size); undefined where it is too short to have one. */
export function requestHead(bytes: Buffer): RequestHead | undefined {
  if (bytes.length < 8) return undefined;
  const length = bytes.length < 10 ? -1 : bytes.readInt16BE(8);
  return {
    apiKey: bytes.readInt16BE(0),
    apiVersion: bytes.readInt16BE(2),
    correlationId: bytes.readInt32BE(4),
    clientId: length < 0 ? null : bytes.toString('utf8', 10, 10 + length),
    bytes,
  };
}
