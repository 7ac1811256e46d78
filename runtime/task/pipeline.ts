import { merge, type Observable } from 'rxjs';
import { stageError } from '../../processors/stage-error.ts';
import { listen, Relay } from '../../processors/relay.ts';
import type { Punctuation, StageContext, StageOutputs } from '../../processors/stage.ts';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { SinkNode, StageNode } from '../../topology/plan/plan.ts';
import type { Attempt } from './attempt.ts';
import { type CompiledNode, type CompiledSubTopology, outputId } from './compiled.ts';
import type { SinkWriter } from './sink-writer.ts';

/** What a pipeline needs from its task for one attempt. */
export interface PipelineHost {
  readonly taskId: string;
  context(node: StageNode, attempt: Attempt): StageContext;
  /** Context of a table source, which keeps its own store. */
  sourceContext(name: string, stores: readonly string[], attempt: Attempt): StageContext;
}

interface Fork {
  readonly port: Relay;
  readonly upstream: Observable<StreamRecord>;
}

/**
 * The stages of a sub-topology, connected for one attempt of one batch (design.md 4): finite observables from the source ports to the sinks. Every output is
 * a hot edge, so that it may feed several stages.
 *
 * Everything listens before anything is pushed; the attempt is over when all sinks and all outputs of users' stages have completed.
 */
export class Pipeline {
  /** Topic and ports of the record pushed last: records come in runs of one topic. */
  private latestTopic: string | undefined;
  private latestPorts: readonly Relay[] = [];
  private readonly sources = new Map<string, Relay[]>();
  private readonly ticks = new Map<string, Relay>();
  private readonly replyPorts = new Map<string, Relay>();
  private readonly outputs = new Map<string, Relay>();
  private readonly forks: Fork[] = [];
  /** Outputs of users' stages, in topological order. */
  private readonly watched: { readonly node: string; readonly relay: Relay }[] = [];
  private readonly attempt: Attempt;
  private readonly taskId: string;

  constructor(topology: CompiledSubTopology, host: PipelineHost, attempt: Attempt) {
    this.attempt = attempt;
    this.taskId = host.taskId;
    for (const node of topology.nodes) this.connect(node, host);
    // What nobody reads is run all the same, and its failure is the batch's.
    for (const [id, relay] of this.outputs) {
      if (!relay.observed) this.watch(id.slice(0, id.indexOf(' ')), relay);
    }
    this.subscribeForks();
    attempt.allConnected();
  }

  /** Pushes a record into every source that reads its topic. */
  push(record: StreamRecord): void {
    if (record.topic !== this.latestTopic) {
      this.latestTopic = record.topic;
      this.latestPorts = this.sources.get(record.topic) ?? [];
    }
    const ports = this.latestPorts;
    for (let i = 0; i < ports.length; i++) (ports[i] as Relay).next(record);
  }

  /** Fires a punctuation of a stage. */
  tick(stage: string, name: string, punctuation: Punctuation): void {
    // A punctuation is an input of its stage like the others; `ProcessStage` gives it its type.
    this.ticks.get(outputId(stage, name))?.next(punctuation as unknown as StreamRecord);
  }

  /** Pushes a reply into a call stage. */
  reply(stage: string, record: StreamRecord): void {
    this.replyPorts.get(stage)?.next(record);
  }

  /** Ends all inputs. */
  complete(): void {
    for (const ports of this.sources.values()) for (const port of ports) port.complete();
    for (const port of this.ticks.values()) port.complete();
    for (const port of this.replyPorts.values()) port.complete();
  }

  /** Names of nodes whose outputs are still open, in topological order: the first is the one that does not finish. */
  pending(): readonly string[] {
    return this.watched.filter(({ relay }) => !relay.ended).map(({ node }) => node);
  }

  private connect(compiled: CompiledNode, host: PipelineHost): void {
    if (compiled.kind === 'sink') {
      this.connectSink(compiled.node, compiled.writer);
    } else if (compiled.kind === 'source') {
      const port = new Relay();
      for (const topic of compiled.node.topics) {
        const ports = this.sources.get(topic);
        if (ports === undefined) this.sources.set(topic, [port]);
        else ports.push(port);
      }
      const name = compiled.node.name;
      if (compiled.stage === undefined) {
        this.expose(name, { out: port }, ['out'], false);
        return;
      }
      const stores = compiled.node.store === undefined ? [] : [compiled.node.store];
      const context = host.sourceContext(name, stores, this.attempt);
      this.expose(name, compiled.stage.connect({ in: port }, context), ['out'], false);
    } else {
      this.connectStage(compiled.node, compiled, host);
    }
  }

  private connectStage(
    node: StageNode,
    compiled: Extract<CompiledNode, { kind: 'stage' }>,
    host: PipelineHost,
  ): void {
    const inputs: Record<string, Observable<StreamRecord>> = {};
    for (const [port, feeds] of Object.entries(node.inputs)) {
      const observables = feeds
        .map((feed) => this.outputs.get(outputId(feed.node, feed.output)))
        .filter((feed) => feed !== undefined);
      inputs[port] = observables.length === 1 ? observables[0]! : merge(...observables);
    }
    for (const name of Object.keys(node.punctuate)) {
      const port = new Relay();
      this.ticks.set(outputId(node.name, name), port);
      inputs[name] = port;
    }
    if (node.operator.kind === 'call') {
      const port = new Relay();
      this.replyPorts.set(node.name, port);
      inputs['reply'] = port;
    }
    const outputs = compiled.stage.connect(inputs, host.context(node, this.attempt));
    this.expose(node.name, outputs, Object.keys(outputs), node.operator.kind === 'process');
  }

  /**
   * Makes a node's outputs available to those below it. A user's stage is watched: the batch is not over before all its outputs are, whoever reads them.
   */
  private expose(
    node: string,
    outputs: StageOutputs,
    names: readonly string[],
    watched: boolean,
  ): void {
    for (const name of names) {
      const output = outputs[name];
      if (output === undefined) continue;
      const relay = output instanceof Relay ? output : this.fork(output);
      this.outputs.set(outputId(node, name), relay);
      if (watched) this.watch(node, relay);
    }
  }

  private fork(upstream: Observable<StreamRecord>): Relay {
    const port = new Relay();
    this.forks.push({ port, upstream });
    return port;
  }

  private watch(node: string, relay: Relay): void {
    const attempt = this.attempt;
    attempt.opened();
    this.watched.push({ node, relay });
    attempt.keep(
      relay.watch({
        error: (error) => attempt.fail(error),
        complete: () => attempt.closed(),
      }),
    );
  }

  private connectSink(node: SinkNode, writer: SinkWriter): void {
    const input = this.outputs.get(outputId(node.input.node, node.input.output));
    if (input === undefined) return;
    const attempt = this.attempt;
    const outcomes = attempt.outcomesOf(node.name);
    const output = attempt.output;
    const taskId = this.taskId;
    attempt.opened();
    attempt.keep(
      listen(input, {
        next(record) {
          if (attempt.failure !== undefined) return;
          // An exception thrown out of a final observer would be lost to RxJS's global error handler.
          try {
            writer.write(record, output, outcomes);
          } catch (error) {
            attempt.fail(stageError(error, { stage: node.stage, taskId }, record));
          }
        },
        error: (error) => attempt.fail(error),
        complete: () => attempt.closed(),
      }),
    );
  }

  /** Last node first: a port that is subscribed has all its consumers already, also those behind other ports. */
  private subscribeForks(): void {
    for (const { port, upstream } of this.forks.toReversed()) {
      this.attempt.keep(listen(upstream, port));
    }
  }
}
