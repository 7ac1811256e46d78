import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { GroupOptions, Ownership, TaskUnit } from '../../ports.ts';
import type { JoinGroupResponse } from '../messages/join-group.ts';
import { decodeAssignment, encodeSubscription } from './consumer-protocol.ts';
import type { GroupClient } from './group-client.ts';
import { planRefused } from './group-errors.ts';
import { Heartbeats } from './heartbeats.ts';
import { Holdings } from './holdings.ts';
import type { KafkaMembership } from './kafka-membership.ts';
import { lead } from './leader.ts';
import { type MemberState, next } from './member-state.ts';
import { departedFor, entryOf, viewsOf } from './roster.ts';
import { GroupSession, type Outcome } from './session.ts';
import type { CompiledSettings } from './settings.ts';
import { type AssignmentData, decodeAssigned, encodeMember, type Roster } from './user-data.ts';
import { WarmUpWatch } from './warm-up-watch.ts';

export interface MemberParts {
  readonly client: GroupClient;
  readonly options: GroupOptions;
  readonly tasks: readonly TaskUnit[];
  readonly ownership: Ownership;
  readonly settings: CompiledSettings;
}

/**
 * A member of a consumer group (states: {@link MemberState}), cooperative: it keeps its tasks while it joins, gives up after the sync what is no longer its own,
 * then joins again at once, so that the leader can give that to somebody else.
 *
 * One loop joins, syncs and calls back, one thing at a time. Heartbeats go beside it; they only raise what the loop does next.
 */
export class GroupMember implements KafkaMembership {
  readonly group: string;
  private readonly parts: MemberParts;
  private readonly session: GroupSession;
  private readonly holdings: Holdings;
  private readonly heartbeats: Heartbeats;
  private readonly warmUps: WarmUpWatch;
  private state: MemberState = 'unjoined';
  /** The generation whose assignment was last taken in, and that. */
  private assignedIn = -1;
  private roster: Roster = [];
  private followUp = false;
  private nonce = 0;

  private rejoin = true;
  private leaving = false;
  private expulsion: 'forgotten' | 'left behind' | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Ends what the loop waits for at the moment. */
  private interrupt = Promise.withResolvers<'again'>();
  private settlers: (() => void)[] = [];
  private loop: Promise<void> = Promise.resolve();
  private end: Promise<void> | undefined;
  /** Resolves at the first assignment; undefined afterwards. */
  private first: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();

  constructor(parts: MemberParts) {
    const { client, options, settings, tasks } = parts;
    this.parts = parts;
    this.group = options.group;
    this.holdings = new Holdings(options.group, tasks);
    this.session = new GroupSession(
      { client, group: options.group, slot: options.slot, settings },
      {
        rebalance: () => this.rebalancing(),
        expelled: (keepId) => this.forgotten(keepId),
        fatal: (error) => this.broken(error),
      },
    );
    this.heartbeats = new Heartbeats({
      clock: settings.clock,
      intervalMs: settings.heartbeatIntervalMs,
      beat: () => this.beat(),
      hurry: () => this.followUp || this.doubtful,
    });
    this.warmUps = new WarmUpWatch({ group: options, settings, ready: () => this.joinAnew() });
  }

  /** Resolves when the first assignment was taken in; rejects with what ends the membership before. */
  start(): Promise<void> {
    const { promise } = this.first as PromiseWithResolvers<void>;
    this.heartbeats.start();
    this.loop = this.run();
    return promise;
  }

  get memberId(): string {
    return this.session.memberId;
  }

  get incarnation(): number {
    // What it lost is lost from the moment that it hears of it, though `lost` has yet to be called.
    return this.session.identity + (this.expulsion === undefined ? 0 : 1);
  }

  get generation(): number {
    return this.session.generation;
  }

  get instanceId(): string | null {
    return this.session.instanceId;
  }

  get joining(): boolean {
    return this.state === 'joining' || this.state === 'syncing' || this.doubtful;
  }

  /** True where the coordinator may have given this member's tasks to others already. */
  get doubtful(): boolean {
    return this.session.liveness.doubtful;
  }

  get ended(): boolean {
    return this.state === 'left' || this.state === 'failed' || this.failure !== undefined;
  }

  settled(): Promise<void> {
    if (!this.joining || this.holdings.empty) return Promise.resolve();
    if (this.doubtful) this.heartbeats.now();
    return new Promise((resolve) => this.settlers.push(resolve));
  }

  owns(partition: TopicPartition): boolean {
    return this.holdings.has(partition);
  }

  /**
   * Only the coordinator's answer to this member itself tells an expulsion from a slot that another process took: it is asked at once, and until then the
   * membership is in doubt.
   */
  expelled(): void {
    this.session.liveness.suspect();
    this.heartbeats.now();
  }

  restart(): void {
    if (!this.ended && this.expulsion === undefined) this.forgotten(true);
  }

  leave(): Promise<void> {
    this.end ??= this.depart();
    return this.end;
  }

  private async run(): Promise<void> {
    try {
      while (!this.leaving) {
        this.interrupt = Promise.withResolvers();
        if (this.failure !== undefined) throw this.failure.error;
        if (this.expulsion !== undefined) await this.drop(this.expulsion);
        else if (this.rejoin) await this.rebalance();
        else await this.interrupt.promise;
      }
    } catch (error) {
      await this.fail(error);
    }
  }

  /** One rebalance: join, sync, take in what came out. */
  private async rebalance(): Promise<void> {
    this.rejoin = false;
    this.state = next(this.state, 'joining');
    const joined = await this.unless(this.session.join(this.subscription()));
    if (joined === 'again') return this.again();
    this.state = next(this.state, 'syncing');
    const assignment = await this.unless(this.sync(joined));
    if (assignment === 'again') return this.again();
    this.state = next(this.state, 'stable');
    if (!this.joining) this.settle();
    if (!(await this.take(assignment))) return;
    this.first?.resolve();
    this.first = undefined;
  }

  private async sync(joined: JoinGroupResponse): Promise<Outcome<AssignmentData>> {
    const { session } = this;
    const leads = joined.leader === session.memberId && !joined.skipAssignment;
    const made = leads ? await session.attempt(() => lead(this.parts, joined.members)) : [];
    const synced = made === 'again' ? made : await session.sync(joined, made);
    return synced === 'again' ? synced : decodeAssigned(decodeAssignment(synced).userData);
  }

  private subscription(): Buffer {
    const { options } = this.parts;
    const { assignedIn, holdings, nonce } = this;
    return encodeSubscription({
      topics: options.topics,
      owned: holdings.partitionsOf(holdings.ids),
      generation: assignedIn,
      userData: encodeMember({
        slot: options.slot,
        plan: options.plan ?? '',
        endpoint: options.endpoint ?? null,
        generation: assignedIn,
        owned: holdings.ids,
        held: options.held?.() ?? new Map(),
        nonce,
      }),
    });
  }

  /** False: it was not taken in to its end, and another one is asked for. */
  private async take(assignment: AssignmentData): Promise<boolean> {
    const { options, ownership, settings } = this.parts;
    const { holdings, memberId, instanceId } = this;
    // Came back by its instance id, with another plan, into an assignment that was made for the old one.
    if (assignment.plan !== (options.plan ?? '')) {
      this.joinAnew();
      return false;
    }
    const mine = entryOf(assignment.roster, { memberId, slot: options.slot, instanceId });
    const before = this.roster;
    this.roster = assignment.roster;
    this.assignedIn = this.generation;
    this.followUp = assignment.followUp;
    const active = mine?.active ?? [];
    const given = holdings.ids.filter((id) => !active.includes(id));
    if (given.length > 0) {
      await ownership.revoked(holdings.partitionsOf(given));
      holdings.remove(given);
      this.rejoin = true;
    }
    if (assignment.refused !== null) return this.notAdmitted(assignment.refused);
    if (this.expulsion !== undefined) return false;
    // Before tasks come: what a departed member left open may hold up their positions.
    const departed = departedFor(options.slot, before, assignment.roster);
    if (departed.length > 0) settings.departed(departed);
    const added = holdings.add(active);
    if (added.length > 0) await ownership.assigned(added);
    await ownership.standby?.(mine?.standby ?? []);
    ownership.members?.(viewsOf(assignment.roster, mine));
    this.warmUps.watch(assignment.warmups);
    // Came back by its instance id: the process before, which was to join again with what it had given up, may not have lived to do so.
    if (assignment.followUp && mine !== undefined && mine.memberId !== memberId) this.joinAnew();
    return true;
  }

  /**
   * The leader may have forgotten the plan: where that is mended the member joins once more.
   * @throws {ConfigError} PLAN_REFUSED
   */
  private async notAdmitted(why: string): Promise<false> {
    const announce = async (): Promise<boolean> => (await this.parts.options.announce?.()) ?? false;
    const announced = await this.unless(this.session.attempt(announce));
    if (announced === false) throw planRefused(this.group, why);
    this.joinAnew();
    return false;
  }

  /** Everything is lost; the member joins as a new one. */
  private async drop(expulsion: NonNullable<typeof this.expulsion>): Promise<void> {
    this.expulsion = undefined;
    this.session.reset(expulsion === 'left behind');
    this.forget();
    this.rejoin = true;
    const lost = this.holdings.clear();
    this.settle();
    if (lost.length > 0) await this.parts.ownership.lost(lost);
  }

  private forget(): void {
    this.assignedIn = -1;
    this.roster = [];
    this.followUp = false;
    this.warmUps.stop();
  }

  private async fail(error: unknown): Promise<void> {
    const { ownership } = this.parts;
    this.state = next(this.state, 'failed');
    this.heartbeats.stop();
    this.forget();
    const lost = this.holdings.clear();
    this.settle();
    // The first error is the one that counts.
    if (lost.length > 0) await ownership.lost(lost).catch(() => {});
    if (this.failure === undefined) await this.session.leave();
    if (this.first === undefined) ownership.failed?.(error);
    else this.first.reject(error);
  }

  private async depart(): Promise<void> {
    const { ownership, settings } = this.parts;
    this.leaving = true;
    this.interrupt.resolve('again');
    await this.loop;
    if (this.state === 'failed') return;
    this.state = next(this.state, 'leaving');
    this.settle();
    try {
      const partitions = this.holdings.partitionsOf(this.holdings.ids);
      const taken = this.expulsion !== undefined || this.failure !== undefined;
      if (partitions.length === 0) return;
      await (taken ? ownership.lost(partitions) : ownership.revoked(partitions));
    } finally {
      this.heartbeats.stop();
      this.forget();
      this.holdings.clear();
      if (settings.leaveOnClose) await this.session.leave();
      this.state = next(this.state, 'left');
      this.settle();
    }
  }

  /** A heartbeat; those who wait for the membership to be certain hear of it. */
  private async beat(): Promise<boolean> {
    const answered = await this.session.beat();
    if (!this.joining) this.settle();
    return answered;
  }

  private rebalancing(): void {
    this.session.liveness.rebalancing();
    if (this.state !== 'stable') return;
    this.rejoin = true;
    this.interrupt.resolve('again');
  }

  private forgotten(keepId: boolean): void {
    this.expulsion = keepId ? 'left behind' : 'forgotten';
    this.void();
  }

  private broken(error: unknown): void {
    this.failure ??= { error };
    this.void();
  }

  /** Nothing may be committed any more (E6), from now on: a callback that is under way must not wait for better times. */
  private void(): void {
    this.holdings.void();
    this.settle();
    this.interrupt.resolve('again');
  }

  /** Asks for a new assignment, unless one is on its way. */
  private joinAnew(): void {
    if (this.state !== 'stable') return;
    this.nonce++;
    this.again();
    this.interrupt.resolve('again');
  }

  private again(): void {
    this.rejoin = true;
  }

  /** What comes, unless something is raised before. */
  private unless<T>(work: Promise<Outcome<T>>): Promise<Outcome<T>> {
    return Promise.race([work, this.interrupt.promise]);
  }

  private settle(): void {
    const { settlers } = this;
    this.settlers = [];
    for (const settle of settlers) settle();
  }
}
