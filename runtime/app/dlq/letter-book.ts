import { redrivenTopic } from '../../../topology/core/names.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { readTo } from '../../engine/changelog-reader.ts';
import type { Log, Position } from '../../ports.ts';
import { type DeadLetter, parseLetter } from './letter.ts';
import { decodeRedriven, type RedrivenById } from './redriven.ts';

/** The dead letters of an application, read from the log: what was committed, whether it runs or not. */
export class LetterBook {
  readonly plan: Plan;
  private readonly log: Log;

  constructor(plan: Plan, log: Log) {
    this.plan = plan;
    this.log = log;
  }

  /** Its dead-letter topics, sorted. */
  get topics(): readonly string[] {
    const all = [...this.plan.topics.values()];
    return all.filter(({ role }) => role === 'dead-letter').map(({ name }) => name);
  }

  /** Letters by topic, partition and offset: those of other applications in the same topic left out. */
  async read(take: (letter: DeadLetter) => void): Promise<void> {
    for (const topic of this.topics) {
      for (const from of await this.partitions(topic, 'committed')) {
        const { partition } = from;
        await readTo(this.log, from, from.end, (records) => {
          for (const record of records) {
            const letter = parseLetter({ ...record, topic, partition });
            if (letter !== undefined && this.isOwn(letter)) take(letter);
          }
        });
      }
    }
  }

  /** {@link read}, as a list. */
  async letters(): Promise<readonly DeadLetter[]> {
    const all: DeadLetter[] = [];
    await this.read((letter) => all.push(letter));
    return all;
  }

  /** What was sent on; with a transaction that is pending its end is waited for. */
  async redriven(): Promise<RedrivenById> {
    const known = new Map<string, NonNullable<ReturnType<typeof decodeRedriven>>>();
    const topic = redrivenTopic(this.plan.application);
    for (const from of await this.partitions(topic, 'uncommitted')) {
      await readTo(this.log, from, from.end, (records) => {
        for (const { key, value } of records) {
          const said = decodeRedriven(value);
          if (said !== undefined) known.set(String(key), said);
        }
      });
    }
    return known;
  }

  private isOwn({ application = this.plan.application }: DeadLetter): boolean {
    return application === this.plan.application;
  }

  private async partitions(
    topic: string,
    isolation: 'committed' | 'uncommitted',
  ): Promise<readonly (Position & { readonly end: number })[]> {
    const info = await this.log.admin.describe(topic);
    const all = Array.from({ length: info?.partitions ?? 0 }, (_, partition) => ({
      topic,
      partition,
    }));
    if (all.length === 0) return [];
    const ends = await this.log.ends(all, isolation);
    return ends.map(({ partition, start, end }) => ({ topic, partition, offset: start, end }));
  }
}
