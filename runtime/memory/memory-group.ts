import { partitionId, type TopicPartition } from '../../topology/core/topic-partition.ts';
import type { GroupOptions, Membership, MemberView, Ownership, TaskUnit } from '../ports.ts';
import { balance } from './balance.ts';

/** A member of a {@link MemoryGroup}. The object stays the same when it is expelled and joins anew; its id does not. */
export class MemoryMember implements Membership {
  readonly group: string;
  readonly slot: string;
  readonly options: GroupOptions;
  readonly ownership: Ownership;
  memberId = '';
  /** Generation of the last assignment that it has been told. */
  generation = 0;
  /** In the group, as the coordinator sees it. */
  present = false;
  /** Its process is gone: nothing of it happens any more. */
  gone = false;
  /** It has learned that it was expelled, and is on its way back. */
  rejoining = false;
  /** Tasks that it has, until `revoked` has returned or `lost` is called. */
  owned = new Map<string, TaskUnit>();
  /** Its callbacks, one after the other. */
  callbacks: Promise<void> = Promise.resolve();
  private readonly parent: MemoryGroup;
  private readonly settling: (() => void)[] = [];

  constructor(parent: MemoryGroup, options: GroupOptions, ownership: Ownership) {
    this.parent = parent;
    this.group = options.group;
    this.slot = options.slot;
    this.options = options;
    this.ownership = ownership;
  }

  /** True while the group has a newer generation than this member has been told. */
  get joining(): boolean {
    return this.present && this.generation !== this.parent.generation;
  }

  /** Resolves when the member knows the group's generation, or is no member any more. */
  async settled(): Promise<void> {
    while (this.joining) {
      await new Promise<void>((resolve) => {
        this.settling.push(resolve);
      });
    }
  }

  owns({ topic, partition }: TopicPartition): boolean {
    const id = partitionId(topic, partition);
    return [...this.owned.values()].some(({ inputs }) =>
      inputs.some((it) => partitionId(it.topic, it.partition) === id),
    );
  }

  /** It learns that the group does not know it any more: all is lost, and it joins anew. */
  expelled(): void {
    if (this.present || this.gone || this.rejoining) return;
    this.rejoining = true;
    void this.parent.rejoin(this);
  }

  leave(): Promise<void> {
    return this.parent.leave(this);
  }

  wake(): void {
    for (const resolve of this.settling.splice(0)) resolve();
  }
}

export interface MemoryGroupOptions {
  /** Runs between a new generation and its assignment: commits of the generation before wait meanwhile. */
  readonly onRebalance: () => Promise<void> | undefined;
}

/**
 * A group with any number of members, as Kafka's coordinator and a cooperative assignor make it, without a clock: whoever joins or leaves makes a new generation;
 * a task moves in two steps, so that its owner has given it up before the next one gets it; all others keep theirs throughout.
 */
export class MemoryGroup {
  generation = 0;
  private readonly options: MemoryGroupOptions;
  private readonly members: MemoryMember[] = [];
  /** Every member there ever was. */
  private readonly all: MemoryMember[] = [];
  private joins = 0;
  private due = false;
  private running: Promise<void> | undefined;

  constructor(options: MemoryGroupOptions) {
    this.options = options;
  }

  get size(): number {
    return this.members.length;
  }

  /** Resolves when no rebalance is due or under way: every member has heard of its assignment. */
  async settled(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  /** Joins, in place of a member with the same slot; resolves when its first assignment has been told. */
  async join(options: GroupOptions, ownership: Ownership): Promise<Membership> {
    this.expel(options.slot);
    const member = new MemoryMember(this, options, ownership);
    this.all.push(member);
    await this.enter(member);
    return member;
  }

  /** Takes a member out without telling it, as a session time-out does. It learns of it by {@link MemoryMember.expelled}, or never. */
  expel(slot: string): MemoryMember | undefined {
    const member = this.members.find((it) => it.slot === slot);
    if (member !== undefined) this.remove(member);
    return member;
  }

  async rejoin(member: MemoryMember): Promise<void> {
    const lost = [...member.owned.values()].flatMap(({ inputs }) => [...inputs]);
    member.owned = new Map();
    member.callbacks = member.callbacks.then(() => member.ownership.lost(lost));
    await member.callbacks;
    await this.enter(member);
  }

  /** Takes a member out whose process has died. */
  crash(slot: string): void {
    const member = this.all.findLast((it) => it.slot === slot);
    if (member === undefined) return;
    member.gone = true;
    if (member.present) this.remove(member);
  }

  async leave(member: MemoryMember): Promise<void> {
    if (member.present) {
      await member.callbacks;
      await revoke(member, [...member.owned.values()]);
    }
    member.gone = true;
    if (member.present) this.remove(member);
  }

  private async enter(member: MemoryMember): Promise<void> {
    member.rejoining = false;
    member.memberId = `${member.slot}-${++this.joins}`;
    member.present = true;
    member.generation = 0;
    this.members.push(member);
    const { generation } = this;
    this.rebalance();
    while (member.present && this.generation === generation) await this.running;
    await member.settled();
    await member.callbacks;
  }

  private remove(member: MemoryMember): void {
    member.present = false;
    this.members.splice(this.members.indexOf(member), 1);
    member.wake();
    this.rebalance();
  }

  private rebalance(): void {
    this.due = true;
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    while (this.due) {
      // A member that is inside a callback joins again when that is over.
      await Promise.all(this.members.map(({ callbacks }) => callbacks));
      this.due = false;
      this.generation++;
      await this.options.onRebalance();
      this.assign();
    }
    this.running = undefined;
  }

  private assign(): void {
    const { members } = this;
    if (members.length === 0) return;
    const { options } = members[0] as MemoryMember;
    const units = options.tasks ?? [];
    const { active, standby } = balance(
      members.map(({ memberId: id, owned, options: { held } }) => ({
        id,
        owned: new Set(owned.keys()),
        held: held?.() ?? new Map(),
      })),
      units,
      options.standbyReplicas ?? 0,
    );
    const taken = new Set(members.flatMap(({ owned }) => [...owned.keys()]));
    const view = (self: MemoryMember): readonly MemberView[] =>
      members.map((it) => ({
        memberId: it.memberId,
        self: it === self,
        endpoint: it.options.endpoint,
        active: (active.get(it.memberId) ?? []).map(({ id }) => id),
        standby: standby.get(it.memberId) ?? [],
      }));
    for (const member of members) {
      const target = active.get(member.memberId) ?? [];
      const going = [...member.owned.values()].filter((unit) => !target.includes(unit));
      const coming = target.filter(({ id }) => !taken.has(id));
      const ids = standby.get(member.memberId) ?? [];
      // What comes is not for others, even before it has heard of it.
      for (const unit of coming) member.owned.set(unit.id, unit);
      member.generation = this.generation;
      member.wake();
      const seen = view(member);
      member.callbacks = tell(member, { going, coming, standby: ids, view: seen });
      if (going.length > 0) this.due = true;
    }
  }
}

async function tell(
  member: MemoryMember,
  news: {
    readonly going: readonly TaskUnit[];
    readonly coming: readonly TaskUnit[];
    readonly standby: readonly string[];
    readonly view: readonly MemberView[];
  },
): Promise<void> {
  const { ownership } = member;
  await Promise.resolve();
  if (news.going.length > 0) await revoke(member, news.going);
  if (!member.present) return;
  await ownership.assigned(news.coming.flatMap(({ inputs }) => [...inputs]));
  await ownership.standby?.(news.standby);
  ownership.members?.(news.view);
}

async function revoke(member: MemoryMember, units: readonly TaskUnit[]): Promise<void> {
  await member.ownership.revoked(units.flatMap(({ inputs }) => [...inputs]));
  for (const { id } of units) member.owned.delete(id);
}
