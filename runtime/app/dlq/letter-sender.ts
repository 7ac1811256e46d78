import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import { redrivenTopic } from '../../../topology/core/names.ts';
import type { Header } from '../../../topology/core/record.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import { RecordBatchBuilder } from '../../codec/batch-builder.ts';
import { commitAgain } from '../../log/commit-again.ts';
import type { Append, Log, Membership, Transactor } from '../../ports.ts';
import { keepHeader } from '../../state/row-format.ts';
import { journalKey } from '../../task/call-journals.ts';
import { systemClock } from '../system-clock.ts';
import { redrivenHeader } from './letter.ts';
import type { ReadyStep } from './letter-step.ts';
import { discarded, encodeRedriven, type RedrivenRecord } from './redriven.ts';

/** Sequence numbers of calls that are asked again: tasks count theirs from 0, and a call's id has 15 digits. */
const firstSequence = 5e14;

/**
 * Runs `action` with the one sender of an application's dead letters.
 * @throws {ConfigError} REDRIVE_RUNNING when another one is at work
 */
export async function withLetterSender<T>(
  log: Log,
  application: string,
  action: (sender: LetterSender) => Promise<T>,
): Promise<T> {
  const client = `${application}-redrive`;
  const membership = await joined(log, application, client);
  try {
    const transactor = await log.transactor(client);
    try {
      return await action(new LetterSender(log, application, { transactor, membership }));
    } finally {
      await transactor.close();
    }
  } finally {
    await membership.leave();
  }
}

async function joined(log: Log, application: string, client: string): Promise<Membership> {
  const ignore = async (): Promise<void> => {};
  try {
    return await log.join(
      { group: client, topics: [], slot: client },
      { assigned: ignore, revoked: ignore, lost: ignore },
    );
  } catch (error) {
    if (!isStreamsError(error) || error.code !== 'APPLICATION_OWNED') throw error;
    throw new ConfigError(
      'REDRIVE_RUNNING',
      `another "millrace dlq redrive" or "discard" of application "${application}" is at work: let it end`,
      { cause: error },
    );
  }
}

/** Writes records and the notes of their letters, chunk by chunk. */
export class LetterSender {
  private readonly log: Log;
  private readonly topic: string;
  private readonly by: { readonly transactor: Transactor; readonly membership: Membership };
  private sequence = firstSequence;

  constructor(
    log: Log,
    application: string,
    by: { readonly transactor: Transactor; readonly membership: Membership },
  ) {
    this.log = log;
    this.topic = redrivenTopic(application);
    this.by = by;
  }

  /** Sees to it that the topic of notes is there. */
  async prepare(): Promise<void> {
    const { topic } = this;
    await this.log.admin.create({
      name: topic,
      partitions: 1,
      cleanup: 'compact',
      retention: 'forever',
    });
    // Each note has an offset of its own, so that no number is given twice.
    const [ends] = await this.log.ends([{ topic, partition: 0 }], 'uncommitted');
    this.sequence += ends?.end ?? 0;
  }

  /**
   * Writes one transaction.
   * @throws as {@link commitAgain}
   */
  async send(steps: readonly ReadyStep[]): Promise<void> {
    const { topic, by } = this;
    const at = new Date(systemClock.now()).toISOString();
    const batches = new Batches();
    for (const step of steps) {
      if (step.kind === 'send' || step.kind === 'ask') this.append(step, batches);
      const { key, value, headers } = noteOf(step, at);
      batches.of(topic, 0).appendPair(systemClock.now(), key, value, headers);
    }
    await commitAgain(by.transactor, { appends: batches.appends(), positions: [] }, by.membership);
  }

  private append(step: Extract<ReadyStep, { kind: 'send' | 'ask' }>, batches: Batches): void {
    const { letter, to, value } = step;
    const builder = batches.of(to.topic, to.partition);
    if (step.kind === 'ask') {
      const key = journalKey(this.sequence++);
      builder.appendPair(letter.time, key, value, [[keepHeader, Buffer.from([1])]]);
      return;
    }
    const mark: Header = [redrivenHeader, Buffer.from(letter.id)];
    const headers = [...letter.headers.filter(([name]) => name !== redrivenHeader), mark];
    builder.appendPair(letter.time, letter.key, value, headers);
  }
}

/** What is noted of a step. */
function noteOf(step: ReadyStep, at: string): RedrivenRecord {
  const { letter } = step;
  switch (step.kind) {
    case 'send':
      return encodeRedriven(letter, { to: partitionId(step.to.topic, step.to.partition), at });
    case 'ask':
      return encodeRedriven(letter, { to: `stage ${step.stage}`, at });
    case 'release': {
      const { release, value } = step;
      const made = value === undefined ? release : { ...release, value };
      return encodeRedriven(letter, { to: `task ${release.task}`, at }, made);
    }
    case 'discard':
      return encodeRedriven(letter, { to: discarded, at }, step.release);
  }
}

/** One batch for each partition that is written to. */
class Batches {
  private readonly builders = new Map<string, [string, number, RecordBatchBuilder]>();

  of(topic: string, partition: number): RecordBatchBuilder {
    const id = `${topic}/${partition}`;
    const there = this.builders.get(id);
    if (there !== undefined) return there[2];
    const builder = new RecordBatchBuilder();
    this.builders.set(id, [topic, partition, builder]);
    return builder;
  }

  appends(): readonly Append[] {
    return [...this.builders.values()].map(([topic, partition, builder]) => ({
      topic,
      partition,
      records: builder.count,
      batch: builder.finish(),
    }));
  }
}
