import { describe, expect, test } from 'vitest';
import { CallFailure, type CallFailureKind } from '../../../processors/call-handler.ts';
import { CallDispatcher } from '../../../runtime/calls/call-dispatcher.ts';
import { newProgress } from '../../../runtime/calls/call-progress.ts';
import type { CallResult } from '../../../runtime/calls/open-call.ts';
import { CallLimiter } from '../../../runtime/calls/call-limiter.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import type { CallOperatorDef, RetryDef } from '../../../topology/definition/definition.ts';

/** One request that the service got. */
interface Request {
  readonly name: string;
  readonly key: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly answer: (reply: unknown) => void;
  readonly fail: (error: unknown) => void;
}

interface Setup {
  readonly retry?: Partial<RetryDef>;
  readonly limit?: number;
  readonly order?: 'per-key' | 'none';
  readonly limiter?: CallLimiter;
  readonly isReply?: (reply: unknown) => boolean;
}

/** A dispatcher with a service that answers when the test says so. */
class Bench {
  readonly clock = new ManualClock();
  readonly requests: Request[] = [];
  readonly ended: (readonly [sequence: number, result: CallResult])[] = [];
  readonly dispatcher: CallDispatcher;
  private sequence = 0;

  constructor({ retry, limit = 2, order = 'per-key', limiter, isReply }: Setup = {}) {
    const operator: CallOperatorDef = {
      kind: 'call',
      call: 'service',
      request: {},
      idempotencyKey: 'key',
      timeoutMs: 1000,
      retry: {
        attempts: 3,
        backoffMs: 100,
        maxMs: 400,
        jitter: 'none',
        when: ['timeout', 'unavailable'],
        ...retry,
      },
      concurrency: { limit, order },
      match: 'reply',
      outcomes: {},
      unknown: { out: 'unknown' },
    };
    this.dispatcher = new CallDispatcher({
      operator,
      effect: { kind: 'at-least-once' },
      lookup: undefined,
      breaker: undefined,
      note: () => {},
      limiter: limiter ?? new CallLimiter(limit),
      clock: this.clock,
      random: () => 0.5,
      isReply: isReply ?? (() => true),
      handler: (request, { idempotencyKey, attempt, signal }) =>
        new Promise((answer, fail) => {
          const name = request as string;
          this.requests.push({ name, key: idempotencyKey, attempt, signal, answer, fail });
        }),
      ended: (sequence, _intent, result) => this.ended.push([sequence, result]),
    });
  }

  issue(name: string, lane: string): void {
    const record = new StreamRecord(lane, name, 0);
    const intent = {
      record,
      request: name,
      idempotencyKey: `id-${name}`,
      progress: newProgress(0),
    };
    this.dispatcher.issue(this.sequence++, lane, intent, true);
  }

  /** Names of all requests so far, in order. */
  get names(): readonly string[] {
    return this.requests.map(({ name }) => name);
  }

  async answer(index: number, reply: unknown = 'ok'): Promise<void> {
    this.requests[index]?.answer(reply);
    await settled();
  }

  async fail(
    index: number,
    kind: CallFailureKind,
    options: { readonly retryAfterMs?: number } = {},
  ): Promise<void> {
    this.requests[index]?.fail(new CallFailure(kind, kind, options));
    await settled();
  }

  async advance(ms: number): Promise<void> {
    this.clock.advanceTo(this.clock.now() + ms);
    await settled();
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const reply = (value: unknown): CallResult => ({ kind: 'reply', reply: value });
const unknown = (reason: string): CallResult => ({ kind: 'unknown', reason });

describe('CallDispatcher', () => {
  test('issues the intents of a key one after the other, other keys beside them', async () => {
    const bench = new Bench();
    bench.issue('a1', 'a');
    bench.issue('a2', 'a');
    bench.issue('b1', 'b');
    expect(bench.names).toEqual(['a1', 'b1']);
    await bench.answer(0, 'first');
    expect(bench.names).toEqual(['a1', 'b1', 'a2']);
    await bench.answer(2);
    await bench.answer(1);
    expect(bench.ended).toEqual([
      [0, reply('first')],
      [1, reply('ok')],
      [2, reply('ok')],
    ]);
    expect([bench.dispatcher.outstanding, bench.dispatcher.inFlight]).toEqual([0, 0]);
  });

  test('takes whatever a handler throws for unknown', async () => {
    const bench = new Bench({ limit: 1 });
    bench.issue('a1', 'a');
    bench.issue('b1', 'b');
    bench.requests[0]?.fail(Object.create(null));
    await bench.advance(0);
    expect(bench.names).toEqual(['a1', 'b1']);
    expect(bench.ended).toEqual([[0, unknown('the handler broke: it threw no error')]]);
  });

  test('leaves the signal of a request alone that was answered, or failed', async () => {
    const bench = new Bench({ retry: { attempts: 1 } });
    bench.issue('a1', 'a');
    bench.issue('b1', 'b');
    await bench.answer(0);
    await bench.fail(1, 'not-sent');
    bench.dispatcher.close();
    expect(bench.requests.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });

  test('does not ask again where the answer does not tell what happened', async () => {
    const bench = new Bench();
    bench.issue('a', 'a');
    await bench.fail(0, 'unknown');
    expect(bench.ended).toEqual([[0, unknown('unknown')]]);
  });

  test('does not ask again before the service wants to be asked', async () => {
    const bench = new Bench();
    bench.issue('a', 'a');
    await bench.fail(0, 'unavailable', { retryAfterMs: 3000 });
    await bench.advance(2999);
    expect(bench.names).toEqual(['a']);
    await bench.advance(1);
    expect(bench.names).toEqual(['a', 'a']);
  });

  test('keeps no order where none is asked for', () => {
    const bench = new Bench({ order: 'none' });
    bench.issue('a1', 'a');
    bench.issue('a2', 'a');
    expect(bench.names).toEqual(['a1', 'a2']);
  });

  test('has at most so many requests in flight, all dispatchers of the stage together', async () => {
    const limiter = new CallLimiter(2);
    const one = new Bench({ limiter });
    const other = new Bench({ limiter });
    for (const name of ['a', 'b', 'c']) one.issue(name, name);
    other.issue('d', 'd');
    expect([one.names, other.names]).toEqual([['a', 'b'], []]);
    expect([one.dispatcher.inFlight, one.dispatcher.outstanding]).toEqual([2, 3]);
    await one.answer(0);
    expect([one.names, other.names]).toEqual([['a', 'b', 'c'], []]);
    await one.answer(1);
    expect(other.names).toEqual(['d']);
  });

  test('gives its slot away while it backs off, and keeps its key waiting', async () => {
    const bench = new Bench({ limit: 1 });
    bench.issue('a1', 'a');
    bench.issue('a2', 'a');
    bench.issue('b1', 'b');
    await bench.fail(0, 'unavailable');
    expect(bench.names).toEqual(['a1', 'b1']);
    await bench.answer(1);
    await bench.advance(100);
    expect(bench.names).toEqual(['a1', 'b1', 'a1']);
  });

  test('asks again with the same key, after waits that double', async () => {
    const bench = new Bench({ retry: { attempts: 4 } });
    bench.issue('a', 'a');
    const times: number[] = [0];
    for (let i = 0; i < 3; i++) {
      await bench.fail(i, 'unavailable');
      const due = bench.clock.nextDue() as number;
      await bench.advance(due - bench.clock.now() - 1);
      expect(bench.requests).toHaveLength(i + 1);
      await bench.advance(1);
      times.push(bench.clock.now());
    }
    expect(times).toEqual([0, 100, 300, 700]);
    expect(bench.requests.map(({ key, attempt }) => [key, attempt])).toEqual([
      ['id-a', 1],
      ['id-a', 2],
      ['id-a', 3],
      ['id-a', 4],
    ]);
  });

  test('takes no answer in time as a failure, and aborts the request', async () => {
    const bench = new Bench({ retry: { attempts: 1 } });
    bench.issue('a', 'a');
    await bench.advance(999);
    expect(bench.ended).toEqual([]);
    await bench.advance(1);
    expect(bench.requests[0]?.signal.aborted).toBe(true);
    expect(bench.ended).toEqual([[0, unknown('no answer within 1000 ms')]]);
  });

  test('ignores an answer that comes after its time-out', async () => {
    const bench = new Bench();
    bench.issue('a', 'a');
    await bench.advance(1000);
    await bench.answer(0, 'late');
    expect(bench.ended).toEqual([]);
    await bench.advance(100);
    await bench.answer(1, 'second');
    expect(bench.ended).toEqual([[0, reply('second')]]);
  });

  test('ends as unknown when its attempts are used up', async () => {
    const bench = new Bench({ retry: { attempts: 2 } });
    bench.issue('a', 'a');
    await bench.fail(0, 'unavailable');
    await bench.advance(100);
    await bench.fail(1, 'unavailable');
    expect(bench.ended).toEqual([[0, unknown('unavailable')]]);
    expect(bench.requests).toHaveLength(2);
  });

  test.each(['not-sent', 'in-progress'] as const)(
    'does not count a request that ended as %s',
    async (kind) => {
      const bench = new Bench({ retry: { attempts: 1 } });
      bench.issue('a', 'a');
      for (let i = 0; i < 10; i++) {
        await bench.fail(i, kind);
        await bench.advance(400);
      }
      expect(bench.ended).toEqual([]);
      await bench.fail(10, 'unavailable');
      expect(bench.ended).toEqual([[0, unknown('unavailable')]]);
    },
  );

  test('asks without end where attempts are unlimited', async () => {
    const bench = new Bench({ retry: { attempts: 'unlimited' } });
    bench.issue('a', 'a');
    for (let i = 0; i < 20; i++) {
      await bench.fail(i, 'unavailable');
      await bench.advance(400);
    }
    await bench.answer(20, 'at last');
    expect(bench.ended).toEqual([[0, reply('at last')]]);
  });

  test('does not ask again after a failure that "when" does not name', async () => {
    const bench = new Bench({ retry: { when: ['timeout'] } });
    bench.issue('a', 'a');
    await bench.fail(0, 'unavailable');
    expect(bench.ended).toEqual([[0, unknown('unavailable')]]);
  });

  test('takes an answer that does not fit the reply type as unknown', async () => {
    const bench = new Bench({ isReply: () => false });
    bench.issue('a', 'a');
    await bench.answer(0, 'odd');
    expect(bench.ended).toEqual([
      [0, unknown('the answer of the handler does not fit the reply type')],
    ]);
  });

  test('ends as failed when the request is refused, and goes on with the key', async () => {
    const bench = new Bench();
    bench.issue('a1', 'a');
    bench.issue('a2', 'a');
    const error = new CallFailure('refused', 'no such currency');
    bench.requests[0]?.fail(error);
    await settled();
    expect(bench.ended).toEqual([[0, { kind: 'failed', error }]]);
    expect(bench.names).toEqual(['a1', 'a2']);
  });

  test('ends as unknown when the handler breaks: it may have sent something', async () => {
    const bench = new Bench();
    bench.issue('a', 'a');
    bench.requests[0]?.fail(new TypeError('a bug'));
    await settled();
    expect(bench.ended).toEqual([[0, unknown('the handler broke: a bug')]]);
  });

  test('aborts what is in flight when it is closed, and says nothing more', async () => {
    const bench = new Bench({ limit: 1 });
    bench.issue('a', 'a');
    bench.issue('b', 'b');
    bench.dispatcher.close();
    expect(bench.requests[0]?.signal.aborted).toBe(true);
    expect(bench.clock.nextDue()).toBeUndefined();
    await bench.answer(0);
    await bench.advance(10_000);
    bench.issue('c', 'c');
    expect([bench.names, bench.ended]).toEqual([['a'], []]);
  });

  test('lets go of as many waiting calls as there may be when it is closed', async () => {
    const limiter = new CallLimiter(1);
    const [bench, other] = [new Bench({ limiter }), new Bench({ limiter })];
    for (let i = 0; i < 20_000; i++) bench.issue('a', `lane ${i}`);
    other.issue('b', 'b');
    bench.dispatcher.close();
    await bench.answer(0);
    expect([bench.names, other.names]).toEqual([['a'], ['b']]);
  });

  test('gives its slot to others when it is closed, though its handler does not end', async () => {
    const limiter = new CallLimiter(1);
    const [bench, other] = [new Bench({ limiter }), new Bench({ limiter })];
    bench.issue('a', 'a');
    other.issue('b', 'b');
    bench.dispatcher.close();
    await settled();
    expect([bench.names, other.names]).toEqual([['a'], ['b']]);
  });

  test('leaves no timer behind once a call has ended', async () => {
    const bench = new Bench();
    bench.issue('a', 'a');
    await bench.answer(0);
    expect(bench.clock.nextDue()).toBeUndefined();
  });
});
