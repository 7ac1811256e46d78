import { addOutcomes, newOutcomes, type Outcomes } from '../../processors/outcomes.ts';
import type { Task } from '../task/task.ts';
import type { TaskControl } from '../task/task-control.ts';

/** Committed counters of what a member itself has done: a task brings those of its owners before along, and may leave. */
export class RunTotals {
  private readonly before = new Map<Task, TaskControl['outcomes']>();
  /** Of tasks that left. */
  private readonly left = new Map<string, Outcomes>();

  opened(task: Task): void {
    this.before.set(task, task.control.outcomes);
  }

  closed(task: Task): void {
    this.addOwn(task, this.left);
    this.before.delete(task);
  }

  /** Node → counters. */
  totals(): ReadonlyMap<string, Outcomes> {
    const totals = new Map<string, Outcomes>();
    for (const [node, outcomes] of this.left) totals.set(node, { ...outcomes });
    for (const task of this.before.keys()) this.addOwn(task, totals);
    return totals;
  }

  /** Task → node → counters, of the tasks that are here. */
  byTask(): ReadonlyMap<string, ReadonlyMap<string, Outcomes>> {
    const tasks = new Map<string, Map<string, Outcomes>>();
    for (const task of this.before.keys()) {
      const own = new Map<string, Outcomes>();
      this.addOwn(task, own);
      tasks.set(task.id, own);
    }
    return tasks;
  }

  private addOwn(task: Task, totals: Map<string, Outcomes>): void {
    const before = this.before.get(task);
    if (before === undefined) return;
    for (const [node, counts] of Object.entries(task.control.outcomes)) {
      const own = newOutcomes();
      for (const [name, count] of Object.entries(counts) as [keyof Outcomes, number][]) {
        own[name] = count - (before[node]?.[name] ?? 0);
      }
      const total = totals.get(node);
      if (total === undefined) totals.set(node, own);
      else addOutcomes(total, own);
    }
  }
}
