import { rm } from 'node:fs/promises';
import type { Ambush } from '../child/suicide.ts';
import { Findings } from '../finding.ts';
import type { MemberSettings, MemberWord } from './child/words.ts';
import type { FaultPlan } from './faults.ts';
import { nap, repeat, TimeLimit } from './lane.ts';
import { Member } from './member.ts';
import type { CampaignTally } from './tally.ts';

/** The members of a campaign, and who they are. */
export interface CrewOptions {
  readonly folders: readonly string[];
  /** Settings of the next process in a place. */
  readonly settings: (place: number) => Omit<MemberSettings, 'ambush' | 'data'>;
  readonly plan: FaultPlan;
  readonly tally: CampaignTally;
  readonly print: (line: string) => void;
  /** The time that the campaign may take, ms. */
  readonly limitMs: number;
}

/** How often it is looked whether a member has frozen itself, ms. */
const lookEveryMs = 500;
/** An orderly end may wait for the machine, ms. */
const leaveMs = 60_000;
/** So may a first start, which creates the topics, and a hand-over, ms. */
const startMs = 300_000;

/**
 * Keeps the places of members occupied while faults empty them: whoever is gone comes back, at once
 * when `calm` aborts.
 */
export class Crew {
  readonly members: readonly Member[];
  readonly stopped = new Findings('stopped-by-itself');
  readonly rebuilt = new Findings('never-rebuilt');
  readonly limit: TimeLimit;
  readonly #options: CrewOptions;
  readonly #calm: AbortSignal;
  /** Under a fault of their own. */
  readonly #disturbed = new Set<Member>();
  /** What the next process in a place waits for, and finds. */
  readonly #next = new Map<Member, { readonly awayMs: number; readonly fresh: boolean }>();
  #over = false;

  constructor(options: CrewOptions, calm: AbortSignal) {
    this.#options = options;
    this.#calm = calm;
    this.limit = new TimeLimit(options.limitMs, () => this.members.map(String).join('; '));
    this.members = options.folders.map(
      (data, place) =>
        new Member(`member ${place + 1}`, () => ({ ...options.settings(place), data }), {
          word: (member, word) => this.#hear(member, word),
          died: (member, how) => {
            options.print(`${member.name} stopped by itself: ${how.split('\n')[0]}`);
            this.stopped.add(`${member.name}: ${how}`);
          },
          gone: (member) => {
            options.tally.presence.runs(member.name, [], performance.now());
            void this.#replace(member);
          },
        }),
    );
  }

  /** Starts all, the first one with an ambush of its own if one is given, and waits until they are in the group. */
  async start(first?: Ambush): Promise<void> {
    for (const [i, member] of this.members.entries()) {
      member.start(i === 0 && first !== undefined ? first : this.#ambush());
    }
    await this.limit.until(startMs, 'all members start', async () => {
      // One may freeze itself as it writes down its plan; the group waits for it.
      for (const member of this.members) {
        if (member.starts > 0 || !(await member.hasFrozenItself())) continue;
        member.sprung();
        member.thaw();
      }
      return this.members.every(({ starts }) => starts > 0);
    });
  }

  /** Commits so far, of all. */
  commits = 0;

  /** Disturbs members until `calm`; resolves when every fault is undone. */
  async disturb(pauseMs: () => number): Promise<void> {
    const faults: Promise<void>[] = [];
    const watching = repeat(
      this.#calm,
      () => lookEveryMs,
      async () => {
        for (const member of this.members) {
          if (this.#disturbed.has(member) || !(await member.hasFrozenItself())) continue;
          if (!this.#disturbed.has(member)) faults.push(this.#wake(member));
        }
      },
    );
    await repeat(this.#calm, pauseMs, async () => {
      const free = this.members.filter((it) => it.state === 'running' && !this.#disturbed.has(it));
      const member = free[this.#options.plan.between(0, free.length)];
      // One is left alone: the group goes on.
      if (member === undefined || free.length === 1) return;
      faults.push(this.#disturb(member));
    });
    await watching;
    await Promise.all(faults);
    // Who is to freeze itself later than this is not waited for: nobody would thaw it.
    await Promise.all(this.members.filter((it) => it.ambushed).map((it) => it.kill()));
  }

  /**
   * Waits until the first member has frozen itself in a commit and the others have all the tasks, which
   * they have worked on, and wakes it: a zombie that goes on where it was.
   */
  async wakeZombie(tasks: number): Promise<void> {
    const [zombie, ...others] = this.members;
    if (zombie === undefined) return;
    await this.limit.until(startMs, 'a member freezes itself', () => zombie.hasFrozenItself());
    zombie.sprung();
    this.#options.print(`${zombie.name}: froze itself ${zombie.ambushText}`);
    const owned = (): number =>
      others.reduce((sum, { status }) => sum + (status?.tasks.length ?? 0), 0);
    await this.limit.until(startMs, 'the others have all tasks', () => owned() === tasks);
    const rest = (): boolean => others.every(({ status }) => status?.rest === true);
    await this.limit.until(startMs, 'the others rest', rest);
    this.#options.tally.fault('SIGSTOP of a member at a point of its commit');
    this.#options.print(`${zombie.name}: wakes`);
    zombie.thaw();
  }

  /** All leave in order. True: they did. */
  async leave(): Promise<boolean> {
    this.#over = true;
    const ends = await Promise.all(this.members.map((member) => member.leave(leaveMs)));
    return ends.every(Boolean);
  }

  async kill(): Promise<void> {
    this.#over = true;
    await Promise.all(this.members.map((member) => member.kill()));
  }

  async #disturb(member: Member): Promise<void> {
    const { plan, tally, print } = this.#options;
    const fault = plan.member();
    this.#disturbed.add(member);
    switch (fault.kind) {
      case 'kill':
        print(`${member.name}: SIGKILL, back after ${fault.awayMs} ms`);
        tally.fault('SIGKILL of a member');
        this.#next.set(member, { awayMs: fault.awayMs, fresh: false });
        await member.kill();
        break;
      case 'leave':
        print(`${member.name}: leaves, back after ${fault.awayMs} ms${fault.fresh ? ', new' : ''}`);
        tally.fault(fault.fresh ? 'member left, another joined' : 'member left, came back');
        this.#next.set(member, fault);
        await member.leave(leaveMs);
        break;
      case 'freeze':
        print(`${member.name}: frozen for ${fault.forMs} ms`);
        tally.fault(fault.long ? 'SIGSTOP of a member past its session' : 'SIGSTOP of a member');
        member.freeze();
        tally.presence.runs(member.name, [], performance.now());
        await nap(fault.forMs, this.#calm);
        member.thaw();
        break;
    }
    this.#disturbed.delete(member);
  }

  /** A member that has frozen itself is left so for a while. */
  async #wake(member: Member): Promise<void> {
    const { plan, tally, print } = this.#options;
    const forMs = plan.frozenMs();
    this.#disturbed.add(member);
    print(`${member.name}: froze itself ${member.ambushText}, for ${forMs} ms`);
    tally.fault('SIGSTOP of a member at a point of its commit');
    member.sprung();
    tally.presence.runs(member.name, [], performance.now());
    await nap(forMs, this.#calm);
    member.thaw();
    this.#disturbed.delete(member);
  }

  #ambush(): Ambush | undefined {
    return this.#calm.aborted ? undefined : this.#options.plan.ambush();
  }

  async #replace(member: Member): Promise<void> {
    if (this.#over) return;
    const { plan, tally, print } = this.#options;
    if (member.killedItself) {
      print(`${member.name}: killed itself ${member.ambushText}`);
      tally.fault('SIGKILL of a member at a point of its commit');
    }
    const { awayMs, fresh } = this.#next.get(member) ?? {
      awayMs: plan.between(0, 4000),
      fresh: false,
    };
    this.#next.delete(member);
    await nap(awayMs, this.#calm);
    if (fresh) await rm(member.data, { recursive: true, force: true });
    if (!this.#over) member.start(this.#ambush());
  }

  #hear(member: Member, word: MemberWord): void {
    const { tally, print } = this.#options;
    switch (word.say) {
      case 'ready':
        print(`${member.name} is in the group, ${Math.round(member.startMs)} ms after its start`);
        if (member.starts > 1) tally.recovered(member.startMs);
        break;
      case 'committed':
        this.commits += 1;
        tally.committed(word.inputs, word.generation, performance.now());
        break;
      case 'report':
        print(`${member.name} reports: ${word.message}`);
        if (word.message.includes('rebuil')) this.rebuilt.add(`${member.name}: ${word.message}`);
        break;
      case 'status':
        tally.presence.runs(member.name, word.tasks, performance.now());
        break;
      case 'left':
      case 'failed':
        break;
    }
  }
}
