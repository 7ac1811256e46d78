import { connect, type Socket } from 'node:net';
import { FrameCutter } from './frames.ts';
import { ProxyLane } from './proxy-lane.ts';
import { type RequestHead, type RequestHold, requestHead } from './request-hold.ts';

/** What a connection asks its proxy. */
export interface ProxySide {
  /** Delay of what arrives now, ms. */
  delayMs(): number;
  /** The hold that takes a request. */
  holdOf(request: RequestHead): RequestHold | undefined;
  /** Both ends are closed. */
  closed(): void;
}

/** A client's connection and the proxy's own to the target. */
export class ProxyConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #proxy: ProxySide;
  readonly #requests: ProxyLane;
  readonly #responses: ProxyLane;
  /** Correlation id of a request whose answer is held → who holds it. */
  readonly #awaited = new Map<number, { request: RequestHead; hold: RequestHold }>();
  #clientGone = false;
  #targetGone = false;

  constructor(
    client: Socket,
    options: { target: { host: string; port: number }; framed?: boolean },
    proxy: ProxySide,
  ) {
    this.#client = client;
    this.#proxy = proxy;
    const target = connect({ ...options.target, allowHalfOpen: true });
    this.#target = target;
    // What a client sent goes on even where it has left: a network does not take back either.
    this.#requests = new ProxyLane(target, () => this.#clientGone && target.end());
    this.#responses = new ProxyLane(client, () => this.#targetGone && client.end());
    const framed = options.framed ?? true;
    this.#forward(client, framed ? (frame) => this.#request(frame) : undefined, this.#requests);
    this.#forward(target, framed ? (frame) => this.#response(frame) : undefined, this.#responses);
    for (const socket of [client, target]) socket.on('error', () => {}).setNoDelay(true);
    client.on('end', () => this.#clientLeft());
    client.on('close', () => this.#clientLeft());
    target.on('end', () => this.#targetLeft());
    target.on('close', () => this.#targetLeft());
    client.resume();
  }

  /** Lets nothing pass until it is called with false. */
  stall(stalled: boolean): void {
    this.#requests.stall(stalled);
    this.#responses.stall(stalled);
  }

  /** Resets both sides; what was on its way is lost. */
  destroy(): void {
    this.#requests.clear();
    this.#responses.clear();
    this.#client.resetAndDestroy();
    this.#target.resetAndDestroy();
  }

  #forward(from: Socket, frame: ((frame: Buffer) => void) | undefined, lane: ProxyLane): void {
    const cutter = new FrameCutter();
    from.on('data', (bytes: Buffer) => {
      if (frame === undefined) return lane.send(bytes, this.#proxy.delayMs());
      try {
        for (const whole of cutter.push(bytes)) frame(whole);
      } catch {
        this.destroy();
      }
    });
  }

  #request(frame: Buffer): void {
    const request = requestHead(frame.subarray(4));
    const hold = request === undefined ? undefined : this.#proxy.holdOf(request);
    if (request === undefined || hold === undefined) {
      this.#requests.send(frame, this.#proxy.delayMs());
    } else if (hold.part === 'request') {
      hold.add(request, this.#requests.keep(frame, hold.overtake));
    } else {
      this.#awaited.set(request.correlationId, { request, hold });
      this.#requests.send(frame, this.#proxy.delayMs());
    }
  }

  #response(frame: Buffer): void {
    const id = frame.length < 8 ? undefined : frame.readInt32BE(4);
    const awaited = id === undefined ? undefined : this.#awaited.get(id);
    if (id === undefined || awaited === undefined) {
      this.#responses.send(frame, this.#proxy.delayMs());
      return;
    }
    this.#awaited.delete(id);
    const { request, hold } = awaited;
    hold.add(request, this.#responses.keep(frame, hold.overtake));
  }

  #clientLeft(): void {
    this.#clientGone = true;
    if (this.#requests.empty) this.#target.end();
    this.#checkClosed();
  }

  #targetLeft(): void {
    this.#targetGone = true;
    if (this.#responses.empty) this.#client.end();
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#client.destroyed && this.#target.destroyed) this.#proxy.closed();
  }
}
