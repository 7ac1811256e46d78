import { redrivenTopic } from '../../topology/core/names.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { Log } from '../ports.ts';
import { decodeRelease, isSameFailure, type Release } from '../task/release.ts';
import type { Task } from '../task/task.ts';
import { FollowedTopic } from './followed-topic.ts';

export interface ReleasesOptions {
  readonly log: Log;
  readonly plan: Pick<Plan, 'application' | 'subTopologies'>;
  /** Tasks that are here. */
  readonly tasks: () => readonly Task[];
  /** Called when a note arrived. */
  readonly wake: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * What people decided about keys that are parked, as every member of an application reads it, from the beginning of `<application>-redriven`. That is safe to do again and again: a
 * note names one failure of a key, and what ends that, once, is the transaction that takes its record off.
 *
 * For tasks that come later the note of each key's latest failure is kept: of several of one failure the first, which is the one that a task acts on that is here. A note of an earlier
 * failure that comes behind it (written twice, or after a reset with the clock put back) is kept beside it.
 */
export class Releases {
  private readonly options: ReleasesOptions;
  /** Task → key's bytes as latin1 → its notes. */
  private readonly byTask = new Map<string, Map<string, readonly Release[]>>();
  private readonly topic: FollowedTopic;

  constructor(options: ReleasesOptions) {
    this.options = options;
    const { log, plan, failed } = options;
    this.topic = new FollowedTopic({
      log,
      topic: redrivenTopic(plan.application),
      take: (records) => {
        for (const { value, headers } of records) this.take(decodeRelease(value, headers));
      },
      failed,
    });
  }

  /** True while records are fetched. */
  get busy(): boolean {
    return this.topic.busy;
  }

  /** Tells a task that has come what is known so far; it hears of the rest by itself. */
  opened(task: Task): void {
    for (const notes of this.byTask.get(task.id)?.values() ?? []) {
      for (const note of notes) task.release(note);
    }
  }

  /** Reads what is there, then follows the topic until {@link close}. Nothing, where no key is ever parked. */
  async start(): Promise<void> {
    const { plan } = this.options;
    if (plan.subTopologies.some(({ parking }) => parking !== undefined)) await this.topic.start();
  }

  close(): void {
    this.topic.close();
  }

  private take(release: Release | undefined): void {
    if (release === undefined) return;
    const { task, key } = release;
    const notes = this.byTask.get(task) ?? new Map<string, readonly Release[]>();
    this.byTask.set(task, notes);
    const id = key.toString('latin1');
    const before = notes.get(id) ?? [];
    if (before.some(({ parked }) => isSameFailure(parked, release.parked))) return;
    notes.set(id, [...before.filter((it) => !isEarlier(it, release)), release]);
    const { tasks, wake } = this.options;
    for (const here of tasks()) if (here.id === task) here.release(release);
    wake();
  }
}

function isEarlier({ parked: one }: Release, { parked: other }: Release): boolean {
  if (one.sinceMs !== other.sinceMs) return one.sinceMs < other.sinceMs;
  return one.attempt < other.attempt;
}
