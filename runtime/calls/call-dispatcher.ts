import type { CallFailureKind } from '../../processors/call-handler.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { CallEffect, CallOperatorDef } from '../../topology/definition/definition.ts';
import { backoffMs } from './backoff.ts';
import type { BreakerGate } from './breaker-gate.ts';
import type { CallLimiter } from './call-limiter.ts';
import type { CallProgress } from './call-progress.ts';
import { type CallAnswer, CallRequests, type CallRequestsOptions } from './call-requests.ts';
import type { JournaledIntent } from './intent-codec.ts';
import { type CallStep, nextStep } from './next-step.ts';
import type { CallEnd, CallPhase, CallResult, DecidedBy, Lane, OpenCall } from './open-call.ts';

export interface DispatcherOptions extends Omit<CallRequestsOptions, 'timeoutMs'> {
  readonly operator: CallOperatorDef;
  readonly effect: CallEffect;
  /** Shared by the tasks of a member: `concurrency.limit` is per stage and member. */
  readonly limiter: CallLimiter;
  /** Shared likewise; undefined: the stage has no breaker. */
  readonly breaker: BreakerGate | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  /** Takes a result. The intent stays journaled until the batch that it enters is committed. */
  readonly ended: (
    sequence: number,
    intent: JournaledIntent,
    result: CallResult,
    end: CallEnd,
  ) => void;
  /** Takes progress to be journaled; {@link CallDispatcher.noted} says when that is committed. */
  readonly note: (sequence: number, intent: JournaledIntent) => void;
}

/** Why a call is held that may not be sent again. */
const windowOver = 'the window in which the service knows its key is over';

/**
 * Issues the journaled intents of one call stage of one task, after their commit is known (design.md 7, E2): in order per key, at most
 * `concurrency.limit` in flight, the same idempotency key on every attempt, and again only as the call's effect allows ({@link nextStep}).
 *
 * Not sent (connection refused, breaker open) and in progress elsewhere are retried without being counted; time-outs and unavailability count as
 * attempts that were sent and are retried as `retry` says; then the outcome is unknown, which is not failed: it is parked, or told.
 */
export class CallDispatcher {
  private readonly options: DispatcherOptions;
  private readonly requests: CallRequests;
  private readonly lanes = new Map<unknown, Lane>();
  private readonly calls = new Map<number, OpenCall>();
  private readonly phases: Record<CallPhase, number> = {
    waiting: 0,
    'in-flight': 0,
    'backing-off': 0,
    parked: 0,
    held: 0,
  };
  /** Calls that are parked or held, or wait behind one of their lane that is. */
  blocked = 0;
  private closed = false;

  constructor(options: DispatcherOptions) {
    this.options = options;
    this.requests = new CallRequests({ ...options, timeoutMs: options.operator.timeoutMs });
  }

  /** Intents that were given and have not ended. */
  get outstanding(): number {
    return this.calls.size;
  }

  /** Requests that are on their way at this moment. */
  get inFlight(): number {
    return this.phases['in-flight'];
  }

  /** Calls in a phase. */
  count(phase: CallPhase): number {
    return this.phases[phase];
  }

  /**
   * Takes an intent behind all earlier ones of its lane. `laneKey` is the key's canonical form; it is ignored where order is 'none'. `fresh`: it was
   * journaled by this very owner just now, so nothing of it was sent; else an owner before may have sent it.
   */
  issue(sequence: number, laneKey: unknown, intent: JournaledIntent, fresh: boolean): void {
    if (this.closed) return;
    const { clock, effect, operator } = this.options;
    const id = operator.concurrency.order === 'none' ? sequence : laneKey;
    let lane = this.lanes.get(id);
    if (lane === undefined) {
      lane = { id, queue: [] };
      this.lanes.set(id, lane);
    }
    const nowMs = clock.now();
    const { progress } = intent;
    const unsent = fresh || (effect.kind === 'at-most-once' && !progress.marked);
    const call: OpenCall = {
      sequence,
      lane,
      intent,
      phase: 'waiting',
      begun: false,
      marking: false,
      uncertain: !unsent,
      sinceMs: progress.sinceMs ?? nowMs,
      sent: 0,
      failures: 0,
      triesBefore: progress.attempts,
      tries: 0,
      // Only a look-up takes "absent" for certain.
      notBeforeMs: unsent || effect.kind !== 'lookup' ? 0 : nowMs + operator.timeoutMs,
      abort: undefined,
      cancel: undefined,
      over: false,
    };
    this.calls.set(sequence, call);
    this.phases.waiting++;
    lane.queue.push(call);
    if (isBlocked(lane)) this.blocked++;
    this.advance(lane);
  }

  /** The progress of a call is committed: what waited for that goes on. */
  noted(sequence: number): void {
    const call = this.calls.get(sequence);
    if (call?.marking !== true) return;
    call.marking = false;
    this.step(call);
  }

  /**
   * Ends a call as a person decided, whatever it is doing; a request that is under way is given up. False: it is not open here, or is another one (`sinceMs`
   * tells calls with one sequence number apart).
   */
  resolve(
    which: {
      readonly sequence: number;
      readonly idempotencyKey: string;
      readonly sinceMs: number | undefined;
    },
    result: CallResult,
    note: string,
  ): boolean {
    const call = this.calls.get(which.sequence);
    if (call === undefined || call.intent.idempotencyKey !== which.idempotencyKey) return false;
    if (call.intent.progress.sinceMs !== which.sinceMs) return false;
    this.finish(call, result, 'operator', note);
    return true;
  }

  /**
   * {@link close} of an owner that goes in order, and commits what is noted here: a call that was marked and certainly not sent is unmarked, or the next owner would
   * have to take it for sent.
   */
  leave(): void {
    for (const call of this.calls.values()) {
      const { marked } = call.intent.progress;
      if (marked && call.tries === 0 && !call.uncertain) {
        this.note(call, call.phase, { marked: false });
      }
    }
    this.close();
  }

  /** Aborts what is in flight and forgets the rest: the journal has it. */
  close(): void {
    this.closed = true;
    for (const call of this.calls.values()) stop(call);
    this.calls.clear();
    this.lanes.clear();
    for (const phase of Object.keys(this.phases)) this.phases[phase as CallPhase] = 0;
    this.blocked = 0;
  }

  private enter(call: OpenCall, phase: CallPhase): void {
    this.phases[call.phase]--;
    this.phases[phase]++;
    // Only the first call of a lane changes its phase: those behind it stand still with it.
    const { lane } = call;
    if (isBlocked(lane)) this.blocked -= lane.queue.length;
    call.phase = phase;
    if (isBlocked(lane)) this.blocked += lane.queue.length;
  }

  private advance(lane: Lane): void {
    if (this.closed) return;
    const next = lane.queue[0];
    if (next === undefined) {
      this.lanes.delete(lane.id);
      return;
    }
    if (next.begun) return;
    next.begun = true;
    const { clock, operator } = this.options;
    const nowMs = clock.now();
    const { parkedUntilMs = 0 } = next.intent.progress;
    // A clock that has gone back makes no wait longer than it was to be.
    const parkMs = parkedUntilMs === Infinity ? 0 : parkedUntilMs - nowMs;
    const parkedMs = Math.min(parkMs, operator.unknown.park?.afterMs ?? 0);
    const holdBackMs = Math.min(next.notBeforeMs - nowMs, operator.timeoutMs);
    const waitMs = Math.max(parkedMs, holdBackMs);
    if (waitMs <= 0) this.step(next);
    else this.later(next, parkedMs > holdBackMs ? 'parked' : 'backing-off', waitMs);
  }

  private allowed(call: OpenCall): CallStep {
    const { effect, lookup, clock } = this.options;
    const { uncertain, sinceMs, intent } = call;
    const hasLookup = lookup !== undefined;
    const { marked, parkedUntilMs } = intent.progress;
    const held = parkedUntilMs === Infinity;
    return nextStep(effect, { uncertain, marked, held, sinceMs, hasLookup }, clock.now());
  }

  private step(call: OpenCall): void {
    const { breaker } = this.options;
    const step = this.allowed(call);
    switch (step) {
      case 'send':
      case 'look-up':
        this.acquire(call, step);
        break;
      case 'mark':
        if (breaker?.state === 'open') this.waitForBreaker(call);
        else {
          call.marking = true;
          this.note(call, 'waiting', { marked: true });
        }
        break;
      case 'hold':
        this.enter(call, 'held');
        // It is held already where its row says so.
        if (call.intent.progress.parkedUntilMs === Infinity) break;
        this.note(call, 'held', { parkedUntilMs: Infinity, reason: windowOver });
        break;
      case 'give-up':
        this.finish(call, notKnown('it may have been sent before a crash'), 'runtime');
    }
  }

  private acquire(call: OpenCall, what: 'send' | 'look-up'): void {
    const { limiter, breaker } = this.options;
    this.enter(call, 'waiting');
    limiter.acquire(() => {
      const waits = this.closed || call.over || this.allowed(call) !== what;
      const ticket = waits ? undefined : breaker?.admit();
      if (waits || (breaker !== undefined && ticket === undefined)) {
        limiter.release();
        if (this.closed || call.over) return;
        if (waits) this.step(call);
        else this.waitForBreaker(call);
        return;
      }
      this.enter(call, 'in-flight');
      void this.ask(call, what).then((answer) => {
        call.abort = undefined;
        limiter.release();
        const given = this.closed || call.over;
        if (ticket !== undefined) breaker?.settle(ticket, given ? undefined : isTrouble(answer));
        if (!given) this.taken(call, what, answer);
      });
    });
  }

  private ask(call: OpenCall, what: 'send' | 'look-up'): Promise<CallAnswer> {
    const { requests } = this;
    const abort = new AbortController();
    call.abort = abort;
    if (what === 'look-up') return requests.lookUp(call.intent, call.failures + 1, abort);
    return requests.send(call.intent, ++call.tries, abort);
  }

  private waitForBreaker(call: OpenCall): void {
    this.enter(call, 'backing-off');
    this.options.breaker?.wait(() => {
      if (!this.closed && !call.over) this.step(call);
    });
  }

  private taken(call: OpenCall, what: 'send' | 'look-up', answer: CallAnswer): void {
    switch (answer.kind) {
      case 'reply':
        this.finish(call, answer, what === 'send' ? 'service' : 'look-up');
        break;
      case 'failed':
        // What it says of this request says nothing of one before, which may have arrived.
        if (call.uncertain) this.giveUp(call, refusedLate(answer.error));
        else this.finish(call, answer, 'service');
        break;
      case 'finding':
        if (answer.finding === 'in-progress') {
          this.again(call, 0);
          break;
        }
        call.uncertain = false;
        call.sinceMs = this.options.clock.now();
        this.step(call);
        break;
      case 'failure':
        this.failed(call, what, answer);
    }
  }

  private failed(
    call: OpenCall,
    what: 'send' | 'look-up',
    { failure, reason, retryAfterMs }: Extract<CallAnswer, { kind: 'failure' }>,
  ): void {
    if (failure === 'not-sent') {
      if (what === 'send') call.tries--;
    } else if (what === 'send') call.uncertain = true;
    if (failure === 'timeout' || failure === 'unavailable') call.sent++;
    const once = this.options.effect.kind === 'at-most-once' && call.uncertain;
    if (!once && this.mayRetry(failure, call.sent)) this.again(call, retryAfterMs);
    else this.giveUp(call, reason);
  }

  private again(call: OpenCall, atLeastMs: number): void {
    call.failures++;
    const ownMs = backoffMs(this.options.operator.retry, call.failures, this.options.random);
    this.later(call, 'backing-off', Math.max(ownMs, atLeastMs));
  }

  private mayRetry(failure: CallFailureKind, sent: number): boolean {
    const { retry } = this.options.operator;
    if (failure === 'not-sent' || failure === 'in-progress') return true;
    if (failure === 'unknown' || failure === 'refused' || !retry.when.includes(failure))
      return false;
    return retry.attempts === 'unlimited' || sent < retry.attempts;
  }

  /** Nobody knows what became of it: it is parked, or that is its outcome. */
  private giveUp(call: OpenCall, reason: string): void {
    const { operator, effect, clock } = this.options;
    const { park } = operator.unknown;
    const { parks } = call.intent.progress;
    if (park === undefined || effect.kind === 'at-most-once' || parks >= park.times) {
      this.finish(call, notKnown(reason), 'runtime');
      return;
    }
    const parkedUntilMs = clock.now() + park.afterMs;
    this.note(call, 'parked', { parkedUntilMs, parks: parks + 1, reason });
    call.sent = 0;
    call.failures = 0;
    this.later(call, 'parked', park.afterMs);
  }

  private note(call: OpenCall, phase: CallPhase, change: Partial<CallProgress>): void {
    const { progress } = call.intent;
    const attempts = call.triesBefore + call.tries;
    this.enter(call, phase);
    call.intent = { ...call.intent, progress: { ...progress, attempts, ...change } };
    this.options.note(call.sequence, call.intent);
  }

  private later(call: OpenCall, phase: CallPhase, delayMs: number): void {
    this.enter(call, phase);
    call.cancel = this.options.clock.after(delayMs, () => {
      call.cancel = undefined;
      if (!this.closed && !call.over) this.step(call);
    });
  }

  private finish(call: OpenCall, result: CallResult, decidedBy: DecidedBy, note?: string): void {
    const attempts = call.triesBefore + call.tries;
    stop(call);
    this.calls.delete(call.sequence);
    this.phases[call.phase]--;
    const { lane } = call;
    if (isBlocked(lane)) this.blocked -= lane.queue[0] === call ? lane.queue.length : 1;
    lane.queue.splice(lane.queue.indexOf(call), 1);
    const end: CallEnd = { attempts, decidedBy, ...(note === undefined ? {} : { note }) };
    this.options.ended(call.sequence, call.intent, result, end);
    this.advance(lane);
  }
}

function isBlocked({ queue }: Lane): boolean {
  const phase = queue[0]?.phase;
  return phase === 'parked' || phase === 'held';
}

function stop(call: OpenCall): void {
  call.over = true;
  call.cancel?.();
  call.abort?.abort();
}

function refusedLate(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `an earlier request may have arrived, and this one failed: ${why}`;
}

function notKnown(reason: string): CallResult {
  return { kind: 'unknown', reason };
}

/** What a breaker counts as a failure: the service is not there, silent, or talks nonsense. */
function isTrouble(answer: CallAnswer): boolean {
  return answer.kind === 'failure' && answer.failure !== 'in-progress';
}
