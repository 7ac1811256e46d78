import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { apiVersions } from '../../../../runtime/kafka/messages/api-versions.ts';
import { metadata } from '../../../../runtime/kafka/messages/metadata.ts';
import type { Api } from '../../../../runtime/kafka/protocol/api.ts';
import { WireReader } from '../../../../runtime/kafka/protocol/wire-reader.ts';
import { WireWriter } from '../../../../runtime/kafka/protocol/wire-writer.ts';
import { FrameCutter } from '../../../broker/harness/frames.ts';

/** What a stand-in does instead of answering. */
export type Refusal = 'silence' | 'close';

/** A request as it came. */
export interface Seen {
  readonly name: string;
  readonly clientId: string;
  /** Number of the connection it came on, from 0. */
  readonly connection: number;
}

type Handler = (body: Buffer, version: number) => Buffer | Refusal;

/** A broker of few words on 127.0.0.1: answers what it was told to, in Kafka's protocol, and closes on anything else. */
export class StandInBroker {
  readonly port: number;
  readonly seen: Seen[] = [];
  /** Times that somebody connected. */
  connections = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly handlers = new Map<number, readonly [Api<unknown, unknown>, Handler]>();

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.serve(socket));
  }

  /** Listens, and offers all that is declared to answer later. */
  static async start(port = 0): Promise<StandInBroker> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const broker = new StandInBroker(server);
    broker.on(apiVersions, () => ({
      errorCode: 0,
      apiKeys: [...broker.handlers.values()].map(
        ([
          {
            key,
            versions: [oldest, newest],
          },
        ]) => ({
          apiKey: key,
          minVersion: oldest,
          maxVersion: newest,
        }),
      ),
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
    }));
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** From now on answers a request so. */
  on<Request, Response>(
    api: Api<Request, Response>,
    answer: (request: Request) => Response | Refusal,
  ): void {
    this.handlers.set(api.key, [
      api,
      (body, version) => {
        const answered = answer(api.decodeRequest(body, version));
        return isRefusal(answered) ? answered : api.encodeResponse(answered, version);
      },
    ]);
  }

  /** Says that the cluster is made of these brokers: id → stand-in. The topics that are asked for do not exist. */
  names(nodes: Readonly<Record<number, StandInBroker>>): void {
    this.on(metadata, ({ topics }) =>
      metadataOf(nodes, topics?.map(({ name }) => name ?? '') ?? []),
    );
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private serve(socket: Socket): void {
    const connection = this.connections++;
    const frames = new FrameCutter();
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      // As Kafka does (socket.request.max.bytes) with what is not its protocol, such as TLS.
      if (bytes.readInt32BE(0) > 100 << 20) socket.end();
    });
    socket.on('data', (bytes) => {
      try {
        for (const frame of frames.push(bytes)) this.take(frame.subarray(4), socket, connection);
      } catch {
        socket.end();
      }
    });
  }

  private take(frame: Buffer, socket: Socket, connection: number): void {
    const reader = new WireReader(frame);
    const key = reader.int16();
    const version = reader.int16();
    const correlation = reader.int32();
    const clientId = reader.raw(reader.int16()).toString();
    const [api, handler] = this.handlers.get(key) ?? [];
    this.seen.push({ name: api?.name ?? `API ${key}`, clientId, connection });
    const flexible = api !== undefined && version >= api.flexibleFrom;
    if (flexible) reader.unsignedVarint();
    const answer = handler?.(reader.raw(reader.rest), version) ?? 'close';
    if (answer === 'silence') return;
    if (answer === 'close') return void socket.end();
    const header = new WireWriter();
    header.int32(correlation);
    // One unknown tagged field, to be skipped.
    if (flexible && key !== apiVersions.key) header.raw(Buffer.from([1, 9, 2, 0xaa, 0xbb]));
    const head = header.finish();
    const size = Buffer.alloc(4);
    size.writeInt32BE(head.length + answer.length);
    socket.write(Buffer.concat([size, head, answer]));
  }
}

function isRefusal(answer: unknown): answer is Refusal {
  return answer === 'silence' || answer === 'close';
}

/** A Metadata response: these brokers, and the topics as unknown. */
export function metadataOf(
  nodes: Readonly<Record<number, StandInBroker>>,
  topics: readonly string[],
) {
  return {
    throttleTimeMs: 0,
    brokers: Object.entries(nodes).map(([id, { port }]) => ({
      nodeId: Number(id),
      host: '127.0.0.1',
      port,
      rack: null,
    })),
    clusterId: 'c',
    controllerId: 1,
    topics: topics.map((name) => ({
      errorCode: 3,
      name,
      topicId: Buffer.alloc(16),
      isInternal: false,
      partitions: [],
      topicAuthorizedOperations: -1,
    })),
  };
}
