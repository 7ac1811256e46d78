import { describe, expect, test } from 'vitest';
import { Committer, type CrashPoint } from '../../../runtime/engine/committer.ts';
import {
  compileEngineOptions,
  type EngineOptions,
} from '../../../runtime/engine/engine-options.ts';
import type { Log, Membership, StateBackend, Transaction } from '../../../runtime/ports.ts';
import type { Task, TaskTransaction } from '../../../runtime/task/task.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { StreamsError, TaskMigratedError } from '../../../topology/core/errors.ts';

/** What a committer needs of a task. */
class FakeTask {
  uncommittedBytes = 0;
  hasCompleted = false;
  readonly takeInCalls = (): void => {};
  commits = 0;
  readonly name: string;
  state = 'ready';
  readonly queues = [];
  readonly stores = { acknowledged: () => [] };

  constructor(name: string) {
    this.name = name;
  }

  complete(bytes = 10): void {
    this.hasCompleted = true;
    this.uncommittedBytes += bytes;
  }

  seal(): TaskTransaction | undefined {
    if (!this.hasCompleted) return undefined;
    this.hasCompleted = false;
    this.uncommittedBytes = 0;
    return {
      task: this as unknown as Task,
      appends: [{ topic: this.name, partition: 0, batch: Buffer.alloc(1), records: 1 }],
      positions: [{ topic: `${this.name}-in`, partition: 0, offset: 1 }],
    } as unknown as TaskTransaction;
  }

  committed(): void {
    this.commits++;
  }
}

class Bench {
  readonly clock = new ManualClock(1000);
  readonly task = new FakeTask('a');
  readonly other = new FakeTask('b');
  readonly transactions: Transaction[] = [];
  readonly events: string[] = [];
  readonly committer: Committer;
  /** Ends the transaction in commit; undefined: it ends at once. */
  gate: Promise<void> | undefined;
  crash: CrashPoint | undefined;
  /** What closing the transactor does to a commit under way. */
  cutOff = (): void => {};

  constructor(commit: EngineOptions['commit'] = {}) {
    this.committer = new Committer({
      log: { incarnation: 'i' } as Log,
      state: {
        apply: async () => {
          this.events.push('applied');
        },
      } as unknown as StateBackend,
      clock: this.clock,
      options: compileEngineOptions({ commit }),
      probe: (point) => {
        this.events.push(point);
        if (point === this.crash) throw new Error(`crash at ${point}`);
      },
      committed: () => this.events.push('told'),
      aborted: (transactions) => this.events.push(`aborted ${transactions.length}`),
      failed: (error) => this.events.push(`failed: ${(error as Error).message}`),
      wake: () => this.events.push('wake'),
    });
    this.committer.start(
      {
        commit: async (transaction) => {
          await this.gate;
          this.transactions.push(transaction);
          return { baseOffsets: transaction.appends.map(() => 0) };
        },
        close: async () => {
          this.events.push('transactor closed');
          this.cutOff();
        },
      },
      {} as Membership,
    );
  }

  async step(dry: boolean): Promise<number> {
    this.committer.step([this.task, this.other] as unknown as readonly Task[], dry);
    await Promise.resolve();
    if (this.gate === undefined) await this.committer.inCommit;
    return this.transactions.length;
  }
}

describe('Committer', () => {
  test('commits at once when the input ran dry, and only what is completed', async () => {
    const bench = new Bench();
    expect(await bench.step(true)).toBe(0);
    bench.task.complete();
    expect(await bench.step(true)).toBe(1);
    expect(bench.transactions[0]?.positions).toEqual([{ topic: 'a-in', partition: 0, offset: 1 }]);
    expect([bench.task.commits, bench.other.commits]).toEqual([1, 0]);
  });

  test('puts all tasks that completed something into one transaction', async () => {
    const bench = new Bench();
    bench.task.complete();
    bench.other.complete();
    await bench.step(true);
    expect(bench.transactions[0]?.appends.map(({ topic }) => topic)).toEqual(['a', 'b']);
  });

  test('goes by its steps, one after the other', async () => {
    const bench = new Bench();
    bench.task.complete();
    await bench.step(true);
    expect(bench.events).toEqual([
      'commit.begin',
      'commit.logged',
      'applied',
      'commit.applied',
      'told',
      'wake',
    ]);
  });

  test('waits while there is more to do, but not longer than the interval', async () => {
    const bench = new Bench({ interval: 50 });
    bench.task.complete();
    expect(await bench.step(false)).toBe(0);
    bench.clock.advanceTo(1049);
    bench.task.complete();
    expect(await bench.step(false)).toBe(0);
    bench.clock.advanceTo(1050);
    expect(await bench.step(false)).toBe(1);
  });

  test('commits earlier when a transaction reaches its size', async () => {
    const bench = new Bench({ 'max-bytes': 100 });
    bench.task.complete(50);
    bench.other.complete(49);
    expect(await bench.step(false)).toBe(0);
    bench.other.complete(1);
    expect(await bench.step(false)).toBe(1);
  });

  test('does not commit more often than the maximum rate, and wakes up when it may', async () => {
    const bench = new Bench({ 'max-rate': 10 });
    bench.task.complete();
    await bench.step(true);
    bench.task.complete();
    expect(await bench.step(true)).toBe(1);
    expect(await bench.step(true)).toBe(1);
    expect(bench.clock.nextDue()).toBe(1100);
    bench.events.length = 0;
    bench.clock.advanceTo(1100);
    expect(bench.events).toEqual(['wake']);
    expect(await bench.step(true)).toBe(2);
  });

  test('has one transaction in commit at most; what is completed meanwhile is the next', async () => {
    const bench = new Bench({ 'max-rate': 1e9 });
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.gate = promise;
    bench.task.complete();
    await bench.step(true);
    bench.task.complete();
    await bench.step(true);
    expect(bench.task.hasCompleted).toBe(true);
    resolve();
    await bench.committer.inCommit;
    bench.gate = undefined;
    expect(await bench.step(true)).toBe(2);
  });

  test('says of an aborted transaction that it is, and goes on', async () => {
    const bench = new Bench({ 'max-rate': 1e9 });
    bench.gate = Promise.reject(new StreamsError('TRANSACTION_ABORTED', 'no'));
    bench.task.complete();
    await bench.step(true);
    await bench.committer.inCommit;
    expect(bench.events).toEqual(['commit.begin', 'aborted 1', 'wake']);
    bench.gate = undefined;
    bench.task.complete();
    expect(await bench.step(true)).toBe(1);
  });

  test('fails when it is fenced: nothing is told to anybody', async () => {
    const bench = new Bench();
    bench.gate = Promise.reject(new TaskMigratedError('FENCED', 'another one has it'));
    bench.task.complete();
    await bench.step(true);
    await bench.committer.inCommit;
    expect(bench.events).toEqual(['commit.begin', 'failed: another one has it', 'wake']);
    expect(bench.task.commits).toBe(0);
  });

  test.each([
    ['commit.begin', ['commit.begin'], 0],
    ['commit.logged', ['commit.begin', 'commit.logged'], 1],
    ['commit.applied', ['commit.begin', 'commit.logged', 'applied', 'commit.applied'], 1],
  ] as const)('stops in its tracks when it crashes at %s', async (point, events, logged) => {
    const bench = new Bench();
    bench.crash = point;
    bench.task.complete();
    await bench.step(true);
    expect(bench.events).toEqual([...events, `failed: crash at ${point}`, 'wake']);
    expect([bench.transactions.length, bench.task.commits]).toEqual([logged, 0]);
  });

  test('flushes what is completed whatever the rate', async () => {
    const bench = new Bench({ 'max-rate': 1 });
    bench.task.complete();
    await bench.step(true);
    bench.task.complete();
    await bench.committer.flush([bench.task] as unknown as readonly Task[]);
    expect(bench.transactions).toHaveLength(2);
  });

  test('finishes at the end of the commit under way, and closes no transactor', async () => {
    const bench = new Bench();
    bench.task.complete();
    await bench.committer.finish([bench.task] as unknown as readonly Task[]);
    expect([bench.transactions.length, bench.events.at(-1)]).toEqual([1, 'wake']);
    expect(bench.events).not.toContain('transactor closed');
    expect(bench.clock.nextDue()).toBeUndefined();
  });

  test('closes the transactor when a commit has not ended 10 s after it was to finish', async () => {
    const bench = new Bench();
    bench.gate = new Promise((_, reject) => {
      bench.cutOff = () => reject(new Error('brokers away'));
    });
    bench.task.complete();
    const finished = bench.committer.finish([bench.task] as unknown as readonly Task[]);
    await Promise.resolve();
    bench.clock.advanceTo(10_999);
    expect(bench.events).toEqual(['commit.begin']);
    bench.clock.advanceTo(11_000);
    await finished;
    expect(bench.events).toEqual([
      'commit.begin',
      'transactor closed',
      'failed: brokers away',
      'wake',
    ]);
  });

  test('drains tasks: what they complete while a transaction is in commit is committed, too', async () => {
    const bench = new Bench({ 'max-rate': 1 });
    const gate = Promise.withResolvers<void>();
    bench.gate = gate.promise;
    bench.task.complete();
    await bench.step(true);
    bench.task.complete();
    bench.other.complete();
    const tasks = [bench.task, bench.other] as unknown as readonly Task[];
    const drained = bench.committer.drain(tasks.slice(0, 1), tasks);
    gate.resolve();
    await drained;
    expect(bench.transactions.map(({ appends }) => appends.map(({ topic }) => topic))).toEqual([
      ['a'],
      ['a', 'b'],
    ]);
  });

  test('drains nothing where a transaction was aborted: its tasks begin anew', async () => {
    const bench = new Bench();
    bench.gate = Promise.reject(new StreamsError('TRANSACTION_ABORTED', 'no'));
    bench.task.complete();
    const tasks = [bench.task] as unknown as readonly Task[];
    await bench.committer.drain(tasks, tasks);
    expect([bench.transactions.length, bench.events.at(-2)]).toEqual([0, 'aborted 1']);
  });

  test('leaves a task alone that was lost while its transaction was committed (E6)', async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    bench.gate = gate.promise;
    bench.task.complete();
    bench.other.complete();
    await bench.step(true);
    bench.task.state = 'closed';
    gate.resolve();
    await bench.committer.inCommit;
    expect([bench.task.commits, bench.other.commits]).toEqual([0, 1]);
    expect(bench.events).toContain('told');
  });

  test('touches nothing after it was stopped, not even with a commit under way', async () => {
    const bench = new Bench();
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.gate = promise;
    bench.task.complete();
    await bench.step(true);
    bench.committer.stop();
    resolve();
    await bench.committer.inCommit;
    expect(bench.events).toEqual(['commit.begin']);
    bench.task.complete();
    await bench.step(true);
    expect(bench.transactions).toHaveLength(1);
  });
});
