import type { Task } from '../task/task.ts';

/** The first wall-clock time, ms, at which one of the tasks has something to do by itself; undefined: none has. */
export function earliestWake(tasks: readonly Task[]): number | undefined {
  let next: number | undefined;
  for (const task of tasks) {
    const due = task.nextWakeMs();
    if (due !== undefined && (next === undefined || due < next)) next = due;
  }
  return next;
}
