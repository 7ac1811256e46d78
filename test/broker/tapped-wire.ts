import type { KafkaWire, NodeId, RawRequest } from '../../runtime/kafka/wire.ts';

type Rpc = (request: RawRequest) => Promise<Buffer>;

/** A wire whose requests a test may watch, hold back, lose or answer. */
export class TappedWire implements KafkaWire {
  /** Names of all requests so far. */
  readonly sent: string[] = [];
  private readonly wire: KafkaWire;
  private readonly taps = new Map<string, (request: RawRequest, send: Rpc) => Promise<Buffer>>();

  constructor(wire: KafkaWire) {
    this.wire = wire;
  }

  /** What happens to requests of this name from now on; `send` sends it. */
  tap(name: string, what: (request: RawRequest, send: Rpc) => Promise<Buffer>): void {
    this.taps.set(name, what);
  }

  untap(name: string): void {
    this.taps.delete(name);
  }

  rpc(node: NodeId, request: RawRequest): Promise<Buffer> {
    this.sent.push(request.name);
    const send: Rpc = (it) => this.wire.rpc(node, it);
    const tap = this.taps.get(request.name);
    return tap === undefined ? send(request) : tap(request, send);
  }

  cluster(): ReturnType<KafkaWire['cluster']> {
    return this.wire.cluster();
  }

  topics(names: readonly string[], refresh?: boolean): ReturnType<KafkaWire['topics']> {
    return this.wire.topics(names, refresh);
  }

  coordinator(
    key: string,
    kind: 'group' | 'transaction',
    refresh?: boolean,
  ): ReturnType<KafkaWire['coordinator']> {
    return this.wire.coordinator(key, kind, refresh);
  }

  versions(node: NodeId): ReturnType<KafkaWire['versions']> {
    return this.wire.versions(node);
  }

  close(): Promise<void> {
    return this.wire.close();
  }
}
