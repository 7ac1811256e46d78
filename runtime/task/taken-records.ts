import { newOutcomes } from '../../processors/outcomes.ts';
import { noHeaders } from '../../topology/core/record.ts';
import type { Attempt } from './attempt.ts';
import type { CompiledSubTopology } from './compiled.ts';
import type { QueueItem } from './partition-queue.ts';

export interface TakenRecordsOptions {
  readonly topology: Pick<CompiledSubTopology, 'sources'>;
  readonly taskId: string;
  /** Topic for topic, partition and offset of each record taken; undefined: none (tests ask for it). */
  readonly trace: string | undefined;
}

/** Counts and traces the records that batches of a task take from the log. */
export class TakenRecords {
  private readonly options: TakenRecordsOptions;

  constructor(options: TakenRecordsOptions) {
    this.options = options;
  }

  /** Name of the source that reads a topic. */
  sourceOf(topic: string): string {
    const { sources } = this.options.topology;
    return sources.find((it) => it.node.topics.includes(topic))?.node.name ?? topic;
  }

  /** Counts a record for its source, unless the source has a stage, which counts itself. */
  count(topic: string, attempt: Attempt): void {
    if (topic === attempt.latestTopic) {
      const latest = attempt.latestOutcomes;
      latest.in++;
      latest.emitted++;
      latest.out++;
      return;
    }
    let outcomes = attempt.sources.get(topic);
    if (outcomes === undefined) {
      const source = this.options.topology.sources.find((it) => it.node.topics.includes(topic));
      const own = source === undefined || source.stage !== undefined;
      outcomes = own ? newOutcomes() : attempt.outcomesOf(source.node.name);
      attempt.sources.set(topic, outcomes);
    }
    attempt.latestTopic = topic;
    attempt.latestOutcomes = outcomes;
    outcomes.in++;
    outcomes.emitted++;
    outcomes.out++;
  }

  /** Notes in the attempt's output that a record was taken, where that is asked for. */
  trace(taken: QueueItem, attempt: Attempt): void {
    const { trace, taskId } = this.options;
    if (trace === undefined) return;
    const { topic, partition, offset, time } = taken;
    attempt.output.appendPair(
      trace,
      0,
      Math.max(0, time),
      Buffer.from(taskId),
      Buffer.from(JSON.stringify({ topic, partition, offset })),
      noHeaders,
    );
  }
}
