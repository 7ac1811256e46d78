import { describeGroups } from '../../../../runtime/kafka/messages/describe-groups.ts';
import { heartbeat } from '../../../../runtime/kafka/messages/heartbeat.ts';
import { joinGroup } from '../../../../runtime/kafka/messages/join-group.ts';
import { leaveGroup } from '../../../../runtime/kafka/messages/leave-group.ts';
import { syncGroup } from '../../../../runtime/kafka/messages/sync-group.ts';
import type { Api } from '../../../../runtime/kafka/protocol/api.ts';
import type { KafkaWire, RawRequest, TopicMetadata } from '../../../../runtime/kafka/wire.ts';
import { disconnected, timedOut, unreachable } from '../../../../runtime/kafka/wire-error.ts';
import type { Clock } from '../../../../topology/core/clock.ts';
import type { ModelCoordinator } from './model-coordinator.ts';
import type { ModelProcess } from './model-process.ts';

type Handler = (body: Buffer, version: number) => Promise<Buffer>;

/** A process's connection to the coordinator: requests and answers take a while; it can be cut. */
export class ModelWire implements KafkaWire {
  cut = false;
  /** Names of requests that do not get through. */
  readonly blocked = new Set<string>();
  /** Name of a request → the connection breaks under the next such one, which arrives so long after, ms. */
  readonly late = new Map<string, number>();
  private readonly process: ModelProcess;
  private readonly network: Clock;
  private readonly latencyMs: () => number;
  private readonly handlers: ReadonlyMap<number, Handler>;
  /** What the broker has not answered, to be failed when the connection is cut. */
  private readonly open = new Set<(error: Error) => void>();

  constructor(
    coordinator: ModelCoordinator,
    process: ModelProcess,
    network: { readonly clock: Clock; readonly latencyMs: () => number },
  ) {
    const { clock, latencyMs } = network;
    this.process = process;
    this.network = clock;
    this.latencyMs = latencyMs;
    this.handlers = new Map([
      handled(joinGroup, (request) => coordinator.join(request)),
      handled(syncGroup, (request) => coordinator.sync(request)),
      handled(heartbeat, (request) => coordinator.heartbeat(request)),
      handled(leaveGroup, (request) => coordinator.leave(request)),
      handled(describeGroups, () => coordinator.describe()),
    ]);
  }

  rpc(_: number, request: RawRequest): Promise<Buffer> {
    const { process } = this;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    if (this.cut || this.blocked.has(request.name)) {
      return Promise.reject(unreachable('model', 'cut'));
    }
    const lateMs = this.late.get(request.name);
    if (lateMs !== undefined) {
      this.late.delete(request.name);
      const handler = this.handlers.get(request.apiKey) as Handler;
      this.network.after(lateMs, () => void handler(request.body, request.version));
      return Promise.reject(disconnected('model', request.name, 'cut'));
    }
    // The request is on its way even if the process stops now; the answer needs a process that runs.
    const cancel = process.after(request.timeoutMs, () =>
      fail(timedOut('model', request.name, request.timeoutMs)),
    );
    const fail = (error: Error): void => {
      cancel();
      this.open.delete(fail);
      reject(error);
    };
    this.open.add(fail);
    this.network.after(this.latencyMs(), () => {
      if (!this.open.has(fail)) return;
      const handler = this.handlers.get(request.apiKey) as Handler;
      void handler(request.body, request.version).then((body) =>
        process.after(this.latencyMs(), () => {
          if (!this.open.delete(fail)) return;
          cancel();
          resolve(body);
        }),
      );
    });
    return promise;
  }

  /** Breaks the connection with everything on it, until {@link ModelWire.mend}. */
  break(): void {
    this.cut = true;
    for (const fail of this.open) fail(disconnected('model', 'a request', 'cut'));
  }

  mend(): void {
    this.cut = false;
  }

  cluster(): Promise<never> {
    return Promise.reject(new Error('not of this model'));
  }

  topics(): Promise<ReadonlyMap<string, TopicMetadata>> {
    return Promise.resolve(new Map());
  }

  coordinator(): Promise<number> {
    return Promise.resolve(1);
  }

  versions(): Promise<ReadonlyMap<number, readonly [number, number]>> {
    return Promise.resolve(new Map([...this.handlers.keys()].map((key) => [key, [0, 20]])));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function handled<Request, Response>(
  api: Api<Request, Response>,
  handle: (request: Request) => Response | Promise<Response>,
): [number, Handler] {
  return [
    api.key,
    async (body, version) =>
      api.encodeResponse(await handle(api.decodeRequest(body, version)), version),
  ];
}
