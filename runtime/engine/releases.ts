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
 * The notes of each key's latest failure are kept, for tasks that come later: of several the first, which is the one that a task acts on that is here.
 */
export class Releases {
  private readonly options: ReleasesOptions;
  /** Task → key's bytes as latin1 → its latest note. */
  private readonly byTask = new Map<string, Map<string, Release>>();
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
    for (const note of this.byTask.get(task.id)?.values() ?? []) task.release(note);
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
    const notes = this.byTask.get(task) ?? new Map<string, Release>();
    this.byTask.set(task, notes);
    const id = key.toString('latin1');
    const before = notes.get(id);
    if (before !== undefined && isSameFailure(before.parked, release.parked)) return;
    notes.set(id, release);
    const { tasks, wake } = this.options;
    for (const here of tasks()) if (here.id === task) here.release(release);
    wake();
  }
}
