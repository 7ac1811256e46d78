import type { Clock } from '../../topology/core/clock.ts';
import { isStreamsError } from '../../topology/core/errors.ts';
import type {
  Append,
  Log,
  Membership,
  Position,
  StateBackend,
  StateWrites,
  Transactor,
} from '../ports.ts';
import type { Task, TaskTransaction } from '../task/task.ts';
import type { CompiledEngineOptions } from './engine-options.ts';

/** How long a commit may take when the engine ends, ms. */
const finishMs = 10_000;

/**
 * Points of the commit protocol and of calls at which a test may crash the engine. What a crash right after each leaves behind:
 *
 * - `batch.completed`: nothing; the input is read again.
 * - `commit.begin`: nothing.
 * - `commit.logged`: outputs, changelogs, positions and control are committed; the disk store lacks them and takes them from the changelog.
 * - `commit.applied`: everything, though the disk may still have to take it from the changelog; journaled intents are issued at the next start.
 * - `call.issued`: the intent is journaled and its request may have arrived: it is issued again, with the same key.
 * - `call.replied`: as before: the reply is lost, the provider answers the repeat.
 */
export type CrashPoint =
  | 'batch.completed'
  | 'commit.begin'
  | 'commit.logged'
  | 'commit.applied'
  | 'call.issued'
  | 'call.replied';

export interface CommitterOptions {
  readonly log: Log;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly options: CompiledEngineOptions;
  readonly probe: (point: CrashPoint) => void;
  readonly committed: (transactions: readonly TaskTransaction[]) => void;
  /** None of these transactions happened. Those of tasks that were closed meanwhile are among them. */
  readonly aborted: (transactions: readonly TaskTransaction[]) => void;
  readonly failed: (error: unknown) => void;
  readonly wake: () => void;
}

/**
 * Decides when a transaction is committed, and commits it (design.md 4). At most one is in commit; meanwhile the tasks process the next.
 *
 * Steps of a commit, and what a crash after each leaves behind, see {@link CrashPoint}:
 * 1. Seal the completed batches of every task: outputs, changelogs, control record, positions (E1, E3).
 * 2. Commit them to the log. An unclear outcome is resolved inside (E2).
 * 3. Apply the overlays to the disk stores, with changelog positions and the log's incarnation: never a part of them (E4). The disk may lag: a crash costs the
 *    replay of what it had not taken yet, which may be several transactions.
 * 4. Tell the tasks; issue the calls that were journaled (E2: nothing leaves before).
 */
export class Committer {
  private readonly options: CommitterOptions;
  private transactor: Transactor | undefined;
  private membership: Membership | undefined;
  private firstCompletedMs: number | undefined;
  private lastCommitMs = Number.NEGATIVE_INFINITY;
  private cancelTimer: (() => void) | undefined;
  /** Resolves when the transaction in commit has ended; undefined: none is. */
  inCommit: Promise<void> | undefined;
  /** Transactions committed so far, and the longest time one took, ms. */
  transactions = 0;
  longestCommitMs = 0;
  private dead = false;

  constructor(options: CommitterOptions) {
    this.options = options;
  }

  start(transactor: Transactor, membership: Membership): void {
    this.transactor = transactor;
    this.membership = membership;
  }

  /** Starts a commit if one is due: the input ran dry, the interval is over, or the transaction is big; but not above the maximum rate. */
  step(tasks: readonly Task[], dry: boolean): void {
    if (this.inCommit !== undefined || this.dead) return;
    if (!tasks.some((task) => task.hasCompleted)) return;
    const { clock, options } = this.options;
    const now = clock.monotonic();
    this.firstCompletedMs ??= now;
    const intervalOver = now - this.firstCompletedMs >= options.commitIntervalMs;
    if (!dry && !intervalOver && !this.isBig(tasks)) return;
    const waitMs = this.lastCommitMs + options.commitSpacingMs - now;
    if (waitMs > 0) {
      this.cancelTimer ??= clock.after(Math.ceil(waitMs), () => {
        this.cancelTimer = undefined;
        this.options.wake();
      });
      return;
    }
    this.commit(tasks);
  }

  /**
   * True while a transaction is in commit and the next one is as big as it may get: the tasks wait, so that a slow disk does not fill the memory.
   */
  saturated(tasks: readonly Task[]): boolean {
    return this.inCommit !== undefined && this.isBig(tasks);
  }

  /** Commits what is completed now, whatever the rate, and waits for it. */
  async flush(tasks: readonly Task[]): Promise<void> {
    await this.inCommit;
    if (this.dead || !tasks.some((task) => task.hasCompleted)) return;
    this.commit(tasks);
    await this.inCommit;
  }

  /**
   * {@link flush} that has an end: a log that is away keeps a commit waiting for ever. Then the transactor is closed, so that the commit no longer tries; its outcome
   * is settled when the slot is opened again. What their calls have said is taken in first.
   */
  async finish(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) task.takeInCalls();
    const cancel = this.options.clock.after(finishMs, () => {
      this.transactor?.close().catch(this.options.failed);
    });
    try {
      await this.flush(tasks);
    } finally {
      cancel();
    }
  }

  /**
   * Commits what these tasks completed and what their calls have said, whatever the rate, and waits until nothing of them is in commit; `all` tasks go into the
   * transaction.
   */
  async drain(tasks: readonly Task[], all: readonly Task[]): Promise<void> {
    for (const task of tasks) task.takeInCalls();
    await this.inCommit;
    while (!this.dead && tasks.some((task) => task.hasCompleted)) {
      // The loop may have begun the next one meanwhile.
      if (this.inCommit === undefined) this.commit(all);
      await this.inCommit;
    }
    await this.inCommit;
  }

  /** No further commits; timers end. */
  stop(): void {
    this.dead = true;
    this.cancelTimer?.();
  }

  private isBig(tasks: readonly Task[]): boolean {
    let bytes = 0;
    for (const task of tasks) bytes += task.uncommittedBytes;
    return bytes >= this.options.options.commitMaxBytes;
  }

  private commit(tasks: readonly Task[]): void {
    // Step 1.
    const sealed: TaskTransaction[] = [];
    for (const task of tasks) {
      const transaction = task.seal();
      if (transaction !== undefined) sealed.push(transaction);
    }
    this.firstCompletedMs = undefined;
    this.lastCommitMs = this.options.clock.monotonic();
    this.inCommit = this.run(sealed).then(
      () => {
        this.inCommit = undefined;
        if (!this.dead) this.options.wake();
      },
      (error: unknown) => {
        this.inCommit = undefined;
        if (this.dead) return;
        if (isStreamsError(error) && error.code === 'TRANSACTION_ABORTED') {
          this.options.aborted(sealed);
        } else {
          this.options.failed(error);
        }
        this.options.wake();
      },
    );
  }

  private async run(sealed: readonly TaskTransaction[]): Promise<void> {
    const { log, state, clock, probe } = this.options;
    const startMs = clock.monotonic();
    probe('commit.begin');
    const appends: Append[] = [];
    const positions: Position[] = [];
    for (const transaction of sealed) {
      appends.push(...transaction.appends);
      positions.push(...transaction.positions);
    }
    // Step 2.
    const { baseOffsets } = await (this.transactor as Transactor).commit(
      { appends, positions },
      this.membership as Membership,
    );
    if (this.dead) return;
    probe('commit.logged');
    // Step 3.
    await state.apply(stateWrites(sealed, baseOffsets, clock.now()), log.incarnation);
    if (this.dead) return;
    probe('commit.applied');
    // Step 4.
    const live = sealed.filter(isLive);
    for (const transaction of live) transaction.task.committed();
    this.transactions++;
    this.longestCommitMs = Math.max(this.longestCommitMs, clock.monotonic() - startMs);
    this.options.committed(live);
  }
}

/**
 * A task that was lost while its transaction was in commit has dropped everything (E6). If the log took the transaction all the same, it was the task's owner then:
 * what it wrote stands, its next owner goes on from there, and the disk here takes it from the changelog.
 */
function isLive({ task }: TaskTransaction): boolean {
  return task.state !== 'closed';
}

function stateWrites(
  sealed: readonly TaskTransaction[],
  baseOffsets: readonly number[],
  nowMs: number,
): StateWrites[] {
  const writes: StateWrites[] = [];
  let first = 0;
  for (const transaction of sealed) {
    const { task, appends, positions } = transaction;
    const offsets = baseOffsets.slice(first, first + appends.length);
    first += appends.length;
    if (!isLive(transaction)) continue;
    const inputs = new Map(
      positions.map(({ topic, offset }, i) => {
        const end = task.queues[i]?.endOffset;
        return [topic, { offset, atEnd: end !== undefined && offset >= end }];
      }),
    );
    writes.push(...task.stores.acknowledged(appends, offsets, { inputs, nowMs }));
  }
  return writes;
}
