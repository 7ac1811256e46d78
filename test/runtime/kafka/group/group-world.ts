import { GroupClient } from '../../../../runtime/kafka/group/group-client.ts';
import { GroupMember } from '../../../../runtime/kafka/group/member.ts';
import {
  compileSettings,
  type MembershipSettings,
} from '../../../../runtime/kafka/group/settings.ts';
import type { GroupOptions, MemberView, TaskUnit } from '../../../../runtime/ports.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { partitionId, type TopicPartition } from '../../../../topology/core/topic-partition.ts';
import { ModelCoordinator } from './model-coordinator.ts';
import { ModelProcess } from './model-process.ts';
import { ModelWire } from './model-wire.ts';

export type MemberOptions = Partial<GroupOptions> &
  Partial<Omit<MembershipSettings, 'clock' | 'random'>> & {
    /** How long the callbacks take, ms. */
    readonly callbackMs?: number;
    readonly onAssigned?: () => void;
    readonly onRevoked?: (member: ModelMember) => Promise<void>;
  };

/** A process with one member of the group, and what its callbacks said. */
export class ModelMember {
  readonly slot: string;
  readonly process: ModelProcess;
  readonly wire: ModelWire;
  readonly member: GroupMember;
  readonly events: string[] = [];
  standby: readonly string[] = [];
  views: readonly MemberView[] = [];
  failure: unknown;
  joined = false;
  /** Partition → number of its assignment, among all of the group. */
  readonly has = new Map<string, number>();

  constructor(world: GroupWorld, slot: string, options: MemberOptions) {
    const { callbackMs = 0, onAssigned, onRevoked, ...rest } = options;
    this.slot = slot;
    this.process = new ModelProcess(world.clock);
    this.wire = new ModelWire(world.coordinator, this.process, world);
    const settings = compileSettings({
      departed: (slots) => this.events.push(`departed ${slots.join(' ')}`),
      ...rest,
      clock: this.process,
      random: world.random,
    });
    const wait = (): Promise<void> =>
      new Promise((resolve) => this.process.after(callbackMs, resolve));
    this.member = new GroupMember({
      client: new GroupClient(this.wire, 'shop'),
      options: { group: 'shop', topics: ['in'], slot, tasks: world.tasks, ...rest },
      tasks: rest.tasks ?? world.tasks,
      settings,
      ownership: {
        assigned: async (partitions) => {
          this.events.push(`assigned ${names(partitions)}`);
          for (const id of partitions.map(idOf)) this.has.set(id, world.assignments++);
          onAssigned?.();
          await wait();
        },
        revoked: async (partitions) => {
          this.events.push(`revoked ${names(partitions)}`);
          await onRevoked?.(this);
          await wait();
          for (const id of partitions.map(idOf)) this.has.delete(id);
        },
        lost: async (partitions) => {
          this.events.push(`lost ${names(partitions)}`);
          for (const id of partitions.map(idOf)) this.has.delete(id);
          await wait();
        },
        standby: async (tasks) => {
          this.standby = tasks;
        },
        members: (views) => {
          this.views = views;
        },
        failed: (error) => {
          this.failure = error;
        },
      },
    });
    void this.member.start().then(
      () => (this.joined = true),
      (error: unknown) => (this.failure = error),
    );
  }

  get partitions(): string {
    return [...this.has.keys()].sort().join(' ');
  }
}

/** A group on a model coordinator, in virtual time. */
export class GroupWorld {
  readonly clock = new ManualClock();
  readonly coordinator = new ModelCoordinator(this.clock);
  readonly members: ModelMember[] = [];
  readonly tasks: readonly TaskUnit[];
  readonly random: () => number;
  assignments = 0;

  /** @param random - decides latencies, 1 to 10 ms; without it they are 1 ms */
  constructor(tasks: readonly TaskUnit[], random: () => number = () => 0) {
    this.tasks = tasks;
    this.random = random;
  }

  readonly latencyMs = (): number => 1 + Math.floor(this.random() * 10);

  start(slot: string, options: MemberOptions = {}): ModelMember {
    const member = new ModelMember(this, slot, options);
    this.members.push(member);
    return member;
  }

  /** Lets time go on; `check` is called after each step. */
  async pass(ms: number, check: () => void = () => {}): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      await turn();
      check();
      const due = this.clock.nextDue();
      if (due === undefined || due > end) break;
      this.clock.advanceTo(due);
    }
    this.clock.advanceTo(end);
    await turn();
    check();
  }

  /** Lets time go on until the promise has settled, a minute at most. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const it = { settled: false };
    const mark = (): void => void (it.settled = true);
    promise.then(mark, mark);
    for (let i = 0; i < 600 && !it.settled; i++) await this.pass(100);
    if (!it.settled) throw new Error('not settled within a minute');
    return promise;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function idOf({ topic, partition }: TopicPartition): string {
  return partitionId(topic, partition);
}

function names(partitions: readonly TopicPartition[]): string {
  return partitions.map(idOf).join(' ');
}
