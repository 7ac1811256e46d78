import type { AvroType } from '../../topology/core/avro.ts';
import { parseDuration } from '../../topology/core/duration.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { MemberView } from '../ports.ts';
import { mergeRows } from './merge-rows.ts';
import { unanswered, type Unanswered } from './query-errors.ts';
import {
  type AnsweredBy,
  type AskMember,
  defaultRows,
  maxRows,
  type MemberScan,
  type StoreQuery,
  type StoreQueryOptions,
  type StoreRows,
  type StoreScanOptions,
} from './store-query.ts';
import type { StoreRange, StoreRangeOptions, StoreView } from './store-view.ts';

type Reason = Unanswered['reason'];

/** Answers of one query, as they come in. */
class Answers {
  readonly missing: Set<number>;
  readonly ranges: StoreRange[] = [];
  readonly from: AnsweredBy[] = [];
  readonly reasons = new Map<number, Reason>();

  constructor(partitions: readonly number[]) {
    this.missing = new Set(partitions);
  }

  take(range: StoreRange, member: string | undefined): void {
    this.ranges.push(range);
    for (const it of range.from) {
      this.missing.delete(it.partition);
      this.from.push({ ...it, member });
    }
    for (const partition of range.restoring) this.reasons.set(partition, { kind: 'restoring' });
  }

  /** Why the first one is missing that is. */
  fail(partitions: readonly number[], reason: Reason): void {
    for (const it of partitions) {
      if (this.missing.has(it) && !this.reasons.has(it)) this.reasons.set(it, reason);
    }
  }
}

/** {@link StoreQuery} of a member: what is on it, and what others say over {@link AskMember}. */
export class MemberStoreQuery implements StoreQuery {
  readonly local: StoreView;
  private readonly members: () => readonly MemberView[];
  private readonly ask: AskMember;

  constructor(local: StoreView, members: () => readonly MemberView[], ask: AskMember) {
    this.local = local;
    this.members = members;
    this.ask = ask;
  }

  get store(): string {
    return this.local.store;
  }

  get key(): AvroType {
    return this.local.key;
  }

  get value(): AvroType {
    return this.local.value;
  }

  get partitions(): number {
    return this.local.partitions;
  }

  get(key: unknown, options: StoreQueryOptions = {}): Promise<StoreRows> {
    const partition = this.local.partitionOf(key);
    return this.scan({ key, limit: maxRows }, options, partition);
  }

  range({
    maxStaleness,
    limit = defaultRows,
    ...range
  }: StoreScanOptions = {}): Promise<StoreRows> {
    if (!Number.isInteger(limit) || limit < 1 || limit > maxRows) {
      const message = `limit is ${limit}; it must be a whole number from 1 to ${maxRows}`;
      return Promise.reject(new ConfigError('QUERY_LIMIT', message));
    }
    const options = maxStaleness === undefined ? {} : { maxStaleness };
    return this.scan({ ...range, limit }, options);
  }

  private async scan(
    range: StoreRangeOptions,
    { maxStaleness }: StoreQueryOptions,
    only?: number,
  ): Promise<StoreRows> {
    const { local } = this;
    const maxStalenessMs =
      maxStaleness === undefined ? undefined : parseDuration(maxStaleness, 'max-staleness');
    const standby =
      maxStalenessMs === undefined ? { standby: false } : { standby: true, maxStalenessMs };
    const all = only === undefined ? Array.from({ length: local.partitions }, (_, i) => i) : [only];
    const answers = new Answers(all);
    answers.take(await local.range({ ...range, ...standby, partitions: all }), undefined);
    if (answers.missing.size > 0) await this.askOwners(answers, { ...range, ...standby });
    if (answers.missing.size > 0 && standby.standby) {
      await this.askStandbys(answers, { ...range, ...standby });
    }
    const [partition] = answers.missing;
    if (partition !== undefined) {
      const reason = answers.reasons.get(partition) ?? { kind: 'unowned' };
      throw unanswered({ store: this.store, partition, reason, maxStalenessMs });
    }
    const { rows, more } = mergeRows(answers.ranges, range.limit);
    const last = rows.at(-1);
    const next =
      more && last !== undefined ? { key: last.key, partition: last.partition } : undefined;
    return { rows, next, from: answers.from.toSorted((a, b) => a.partition - b.partition) };
  }

  private async askOwners(answers: Answers, range: StoreRangeOptions): Promise<void> {
    const claimed = new Set<number>();
    const asks = this.members().flatMap((member) => {
      const owned = this.missingOf(answers, member.active);
      // Rows may not come twice.
      const partitions = owned.filter((it) => !claimed.has(it));
      for (const it of partitions) claimed.add(it);
      if (partitions.length === 0) return [];
      // This one has it by the last assignment, and yet not: it is coming or going.
      if (member.self) answers.fail(partitions, { kind: 'moved' });
      return member.self ? [] : [this.askMember(answers, member, { ...range, partitions })];
    });
    await Promise.all(asks);
  }

  /** One after the other: whose answer is not needed any more is not asked. */
  private async askStandbys(answers: Answers, range: StoreRangeOptions): Promise<void> {
    for (const member of this.members()) {
      const partitions = this.missingOf(answers, member.standby);
      if (partitions.length === 0 || member.self || member.endpoint === undefined) continue;
      await this.askMember(answers, member, { ...range, partitions });
    }
  }

  private async askMember(answers: Answers, member: MemberView, scan: MemberScan): Promise<void> {
    const { endpoint, memberId } = member;
    if (endpoint === undefined) {
      answers.fail(scan.partitions, { kind: 'no-endpoint', member: memberId });
      return;
    }
    try {
      answers.take(await this.ask(endpoint, this.local, scan), endpoint);
      answers.fail(scan.partitions, { kind: 'moved' });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      answers.fail(scan.partitions, { kind: 'unreachable', endpoint, why });
    }
  }

  private missingOf({ missing }: Answers, tasks: readonly string[]): readonly number[] {
    return [...missing].filter((it) => tasks.includes(this.local.taskOf(it) ?? ''));
  }
}
