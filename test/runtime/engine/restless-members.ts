import * as fc from 'fast-check';
import type { HeldMarkers } from '../../../runtime/memory/memory-transactions.ts';
import type { MemoryMember } from '../../../runtime/memory/memory-group.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { StreamsError } from '../../../topology/core/errors.ts';
import type { Cluster, ClusterMember } from './cluster.ts';

export const slots = ['a', 'b', 'c'] as const;

/** What happens to the members of a cluster, and to their log. */
export type MemberStep =
  | {
      readonly do: 'start' | 'stop' | 'kill' | 'expel' | 'lose' | 'tell' | 'fence' | 'wipe';
      readonly slot: (typeof slots)[number];
    }
  | { readonly do: 'hold'; readonly of: keyof typeof heldMarkers }
  | { readonly do: 'let-go' }
  /** Commits and assignments take as many turns from now on. */
  | { readonly do: 'slow'; readonly commits: number; readonly assignments: number }
  /** So many commits are aborted from now on. */
  | { readonly do: 'abort'; readonly commits: number }
  | { readonly do: 'turns'; readonly turns: number }
  | { readonly do: 'advance'; readonly ms: number };

const heldMarkers = {
  all: 'all',
  records: () => true,
  changelogs: (topic) => topic.endsWith('-changelog'),
  control: (topic) => topic.endsWith('-control'),
  outputs: (topic) => !topic.startsWith('shop-'),
} satisfies Readonly<Record<string, HeldMarkers>>;

const slot = fc.constantFrom(...slots);
const weighted = (weight: number, arbitrary: fc.Arbitrary<MemberStep>) => ({ weight, arbitrary });

export const memberStep: fc.Arbitrary<MemberStep> = fc.oneof(
  weighted(10, fc.record({ do: fc.constant('turns'), turns: fc.integer({ min: 1, max: 12 }) })),
  weighted(6, fc.record({ do: fc.constant('start'), slot })),
  weighted(2, fc.record({ do: fc.constantFrom('stop', 'fence', 'wipe'), slot })),
  weighted(4, fc.record({ do: fc.constantFrom('kill', 'expel', 'lose', 'tell'), slot })),
  weighted(
    4,
    fc.record({
      do: fc.constant('hold'),
      of: fc.constantFrom('all', 'records', 'changelogs', 'control', 'outputs'),
    }),
  ),
  weighted(2, fc.record({ do: fc.constant('let-go') })),
  weighted(4, fc.record({ do: fc.constant('slow'), commits: fc.nat(8), assignments: fc.nat(8) })),
  weighted(2, fc.record({ do: fc.constant('abort'), commits: fc.integer({ min: 1, max: 3 }) })),
  weighted(2, fc.record({ do: fc.constant('advance'), ms: fc.integer({ min: 1, max: 1500 }) })),
);

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** The members of application `shop`, to whom anything may happen. */
export class RestlessMembers {
  /** What their starts and stops threw. */
  readonly failures: unknown[] = [];
  private readonly cluster: Cluster;
  private readonly busy = new Map<string, Promise<void>>();
  private readonly zombies = new Map<string, MemoryMember>();
  private letGo: (() => void) | undefined;
  private commitTurns = 0;
  private aborts = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    const { log } = cluster;
    log.onPrepared = async ({ positions }) => {
      await turns(this.commitTurns);
      if (positions.length === 0 || this.aborts === 0) return;
      this.aborts--;
      throw new StreamsError('TRANSACTION_ABORTED', 'the test aborted it');
    };
  }

  async do(it: MemberStep): Promise<void> {
    switch (it.do) {
      case 'hold':
        this.letGo ??= this.cluster.log.cluster.transactions.holdMarkers(
          'shop',
          heldMarkers[it.of],
        );
        return;
      case 'let-go':
        this.letGo?.();
        this.letGo = undefined;
        return;
      case 'tell':
        this.zombies.get(it.slot)?.expelled();
        return;
      case 'slow':
        this.commitTurns = it.commits;
        this.cluster.log.onRebalance = () => turns(it.assignments);
        return;
      case 'abort':
        this.aborts = it.commits;
        return;
      case 'turns':
        for (let i = 0; i < it.turns; i++) await this.cluster.turn();
        return;
      case 'advance':
        this.cluster.clock.advanceTo(this.cluster.clock.now() + it.ms);
        return;
      case 'fence':
        if (this.isAway(it.slot)) this.cluster.fence(it.slot);
        return;
      case 'wipe':
        if (this.isAway(it.slot)) this.wipe(this.cluster.members.get(it.slot));
        return;
      default:
        this.member(it.do, it.slot);
    }
  }

  /** Everything that is held back or dead is let go or fenced, and one member at least is there. */
  async calm(): Promise<void> {
    this.aborts = 0;
    await this.do({ do: 'let-go' });
    for (const name of slots) await this.do({ do: 'fence', slot: name });
    for (const busy of this.busy.values()) await this.cluster.during(busy);
    for (const zombie of this.zombies.values()) zombie.expelled();
    if (this.cluster.engines.length === 0) await this.cluster.start('a');
    for (const name of slots) await this.do({ do: 'fence', slot: name });
    await this.cluster.advance(3000);
  }

  private isAway(name: string): boolean {
    return !this.runs(name) && !this.busy.has(name);
  }

  private runs(name: string): boolean {
    return this.cluster.members.get(name)?.engine !== undefined;
  }

  /** Its disk is lost. */
  private wipe(member: ClusterMember | undefined): void {
    if (member !== undefined) member.state = new MemoryStateBackend();
  }

  private member(what: 'start' | 'stop' | 'kill' | 'expel' | 'lose', name: string): void {
    if (this.busy.has(name)) return;
    if (what === 'start') {
      if (!this.runs(name)) this.run(name, this.cluster.start(name));
    } else if (this.runs(name)) {
      if (what === 'kill') this.cluster.kill(name);
      else if (what === 'expel' || what === 'lose') this.expel(name);
      else this.run(name, this.cluster.stop(name));
      if (what === 'lose') this.zombies.get(name)?.expelled();
    }
  }

  private expel(name: string): void {
    const zombie = this.cluster.log.cluster.expel('shop', name);
    if (zombie !== undefined) this.zombies.set(name, zombie);
  }

  private run(name: string, work: Promise<unknown>): void {
    const ended = work.then(
      () => {},
      (error: unknown) => {
        this.failures.push(error);
      },
    );
    this.busy.set(
      name,
      ended.finally(() => this.busy.delete(name)),
    );
  }
}
