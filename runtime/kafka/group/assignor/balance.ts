import type { Situation } from './situation.ts';

/**
 * Where each task is to run in the end, state of others or not: counts differ by at most one, of the stateful tasks and of all; who has a task keeps it unless
 * the balance takes it; a free one goes to who lacks the least of its state.
 *
 * By task: the member's number.
 */
export function balance(situation: Situation): readonly number[] {
  const target = situation.tasks.map(() => -1);
  const tasks = [...situation.tasks.keys()];
  const counts = situation.members.map(() => 0);
  const owned = situation.members.map(() => 0);
  for (const owner of situation.owner) if (owner >= 0) owned[owner] = (owned[owner] as number) + 1;
  for (const layer of [
    tasks.filter((task) => situation.stateful[task]),
    tasks.filter((task) => !situation.stateful[task]),
  ]) {
    new Layer(situation, counts, owned, layer).place(target);
  }
  return target;
}

/** Tasks of one sort, dealt out on top of `counts`. */
class Layer {
  private readonly situation: Situation;
  /** By member: tasks placed there so far, of all layers. */
  private readonly counts: number[];
  /** By member: tasks that it has now, of all layers. */
  private readonly owned: readonly number[];
  private readonly tasks: readonly number[];
  /** Each member gets this many; `extras` of them one more. */
  private readonly floor: number;
  private extras: number;
  /** Member × kinds + kind → tasks of the kind placed there. */
  private readonly kinds = new Map<number, number>();

  constructor(
    situation: Situation,
    counts: number[],
    owned: readonly number[],
    tasks: readonly number[],
  ) {
    this.situation = situation;
    this.counts = counts;
    this.owned = owned;
    this.tasks = tasks;
    const total = counts.reduce((sum, count) => sum + count, tasks.length);
    this.floor = Math.floor(total / counts.length);
    this.extras = total % counts.length;
    for (const count of counts) if (count > this.floor) this.extras--;
  }

  place(target: number[]): void {
    for (const task of this.keep(target)) {
      const member = this.best(task);
      target[task] = member;
      this.take(task, member);
    }
  }

  /** Leaves with each member what it has, up to its share; returns the others, those that have a place of their own first. */
  private keep(target: number[]): number[] {
    const { owner } = this.situation;
    const has: number[][] = this.counts.map(() => []);
    const free: number[] = [];
    for (const task of this.tasks) (has[owner[task] as number] ?? free).push(task);
    const spare = this.counts
      .map((count, member) => (count + (has[member]?.length ?? 0) < this.floor ? member : -1))
      .filter((member) => member >= 0);
    const wanted = (member: number): number =>
      (this.counts[member] as number) + (has[member] as number[]).length;
    const byWanted = [...has.keys()].sort((a, b) => wanted(b) - wanted(a) || a - b);
    for (const member of byWanted) {
      for (const task of this.giveUpLast(has[member] as number[], spare)) {
        if (this.accepts(member)) {
          target[task] = member;
          this.take(task, member);
        } else {
          free.push(task);
        }
      }
    }
    return this.particularFirst(free);
  }

  /** Tasks of one member, those that it had better give up last: others are close to having their state; it has many of the kind. */
  private giveUpLast(tasks: readonly number[], spare: readonly number[]): number[] {
    const { kind } = this.situation;
    const seen = new Map<number, number>();
    const ranked = tasks.map((task) => {
      const rank = seen.get(kind[task] as number) ?? 0;
      seen.set(kind[task] as number, rank + 1);
      return { task, rank, nearest: this.nearest(task, spare) };
    });
    ranked.sort((a, b) => b.nearest - a.nearest || a.rank - b.rank || a.task - b.task);
    return ranked.map((it) => it.task);
  }

  private nearest(task: number, members: readonly number[]): number {
    let lag = Number.POSITIVE_INFINITY;
    for (const member of members) lag = Math.min(lag, this.situation.lag(task, member));
    return lag;
  }

  /** Tasks in the order of how few members can run them at once; those that nobody can, or everybody, last. */
  private particularFirst(tasks: readonly number[]): number[] {
    const members = [...this.counts.keys()];
    const choices = new Map<number, number>();
    for (const task of tasks) {
      const warm = members.filter((member) => this.situation.warm(task, member)).length;
      choices.set(task, warm === 0 ? members.length : warm);
    }
    const count = (task: number): number => choices.get(task) as number;
    return tasks.toSorted((a, b) => count(a) - count(b) || a - b);
  }

  private best(task: number): number {
    let best = -1;
    for (const member of this.counts.keys()) {
      if (this.accepts(member) && (best < 0 || this.better(task, member, best))) best = member;
    }
    return best;
  }

  private better(task: number, member: number, than: number): boolean {
    const { situation, counts, owned } = this;
    const kind = situation.kind[task] as number;
    const difference =
      situation.lag(task, member) - situation.lag(task, than) ||
      (counts[member] as number) - (counts[than] as number) ||
      (owned[member] as number) - (owned[than] as number) ||
      this.ofKind(kind, member) - this.ofKind(kind, than);
    return difference < 0;
  }

  private accepts(member: number): boolean {
    const count = this.counts[member] as number;
    return count < this.floor || (count === this.floor && this.extras > 0);
  }

  private take(task: number, member: number): void {
    const count = this.counts[member] as number;
    if (count === this.floor) this.extras--;
    this.counts[member] = count + 1;
    const kind = this.situation.kind[task] as number;
    this.kinds.set(this.kindKey(kind, member), this.ofKind(kind, member) + 1);
  }

  private ofKind(kind: number, member: number): number {
    return this.kinds.get(this.kindKey(kind, member)) ?? 0;
  }

  private kindKey(kind: number, member: number): number {
    return kind * this.counts.length + member;
  }
}
