import type { CallHandler, CallLookup } from '../../processors/call-handler.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { CallOperatorDef } from '../../topology/definition/definition.ts';
import type { CallPlan, Plan, StageNode } from '../../topology/plan/plan.ts';
import { BreakerGate } from '../calls/breaker-gate.ts';
import { CallDispatcher } from '../calls/call-dispatcher.ts';
import { CallLimiter } from '../calls/call-limiter.ts';
import { callId, callOf } from '../calls/call-id.ts';
import type { Resolution } from '../calls/resolution.ts';
import type { CallStatus } from '../calls/call-status.ts';
import type { CallPhase } from '../calls/open-call.ts';
import type { JournaledIntent } from '../calls/intent-codec.ts';
import type { Log } from '../ports.ts';
import type { Task, TaskTransaction } from '../task/task.ts';
import { Resolutions } from './resolutions.ts';
import type { CrashPoint } from './committer.ts';

export interface CallDeskOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly handler: (call: string) => CallHandler;
  /** The look-up of a call; undefined: it has none. */
  readonly lookup: (call: string) => CallLookup | undefined;
  readonly plan: Pick<Plan, 'application' | 'calls'>;
  readonly log: Log;
  readonly failed: (error: unknown) => void;
  readonly isReply: (call: string) => (reply: unknown) => boolean;
  /** Canonical form of a record key: what makes two keys the same lane. */
  readonly laneKey: (key: unknown) => unknown;
  /** Calls of a stage and task that may be under way, and that may stand still ({@link CallDispatcher.blocked}): at so many, inputs pause. */
  readonly maxOpenCalls: number;
  readonly maxParkedCalls: number;
  /** How long requests under way may take to be answered at {@link CallDesk.leave}, ms. */
  readonly callGraceMs: number;
  readonly probe: (point: CrashPoint) => void;
  readonly wake: () => void;
}

/** The call dispatchers of a member's tasks: one per task and call stage, with one limit per stage. */
export class CallDesk {
  private readonly options: CallDeskOptions;
  private readonly limiters = new Map<string, CallLimiter>();
  private readonly breakers = new Map<string, BreakerGate>();
  private readonly dispatchers = new Map<Task, Map<string, CallDispatcher>>();
  private readonly resolutions: Resolutions;
  private leaving = false;

  constructor(options: CallDeskOptions) {
    this.options = options;
    this.resolutions = new Resolutions({
      ...options,
      arrived: (resolution) => this.resolve(resolution),
    });
  }

  /** Reads what people decided about calls: before the first task is opened. */
  start(): Promise<void> {
    return this.resolutions.start();
  }

  /** True while decisions are read that arrived. */
  get busy(): boolean {
    return this.resolutions.busy;
  }

  /** Starts the dispatchers of a task and issues what its journals hold, in order. */
  open(
    task: Task,
    journaled: (stage: string) => Iterable<readonly [number, JournaledIntent]>,
  ): void {
    const byStage = new Map<string, CallDispatcher>();
    this.dispatchers.set(task, byStage);
    for (const node of task.topology.calls) {
      const dispatcher = this.dispatcher(task, node);
      byStage.set(node.name, dispatcher);
      for (const [sequence, intent] of journaled(node.name)) {
        if (this.decided(task, node, sequence, intent)) continue;
        dispatcher.issue(sequence, this.options.laneKey(intent.record.key), intent, false);
      }
    }
  }

  /** Issues the intents of committed transactions, and goes on with calls whose notes are in them (E2: not before). */
  committed(transactions: readonly TaskTransaction[]): void {
    for (const { task, intents, callItems } of transactions) {
      const byStage = this.dispatchers.get(task);
      for (const { stage, sequence, intent } of intents) {
        const laneKey = this.options.laneKey(intent.record.key);
        byStage?.get(stage)?.issue(sequence, laneKey, intent, true);
      }
      for (const item of callItems) {
        if (item.kind === 'note') byStage?.get(item.stage)?.noted(item.sequence);
      }
    }
  }

  /**
   * Pauses the inputs that lead to a call with too many open intents, and only those. Parked ones may wait for days: they have a bound of their own, which is
   * there for the memory alone.
   */
  pause(task: Task): void {
    const byStage = this.dispatchers.get(task);
    if (byStage === undefined || byStage.size === 0) return;
    for (const queue of task.queues) {
      const calls = task.topology.callsBelow.get(queue.topic) ?? [];
      queue.paused = calls.some((call) => this.isFull(byStage.get(call), task.journaledCalls));
    }
  }

  /** Calls whose commit is not known yet count as well, or one long transaction could bring any number. */
  private isFull(dispatcher: CallDispatcher | undefined, journaled: number): boolean {
    if (dispatcher === undefined) return false;
    const { outstanding, blocked } = dispatcher;
    return (
      outstanding - blocked + journaled >= this.options.maxOpenCalls || this.isStuck(dispatcher)
    );
  }

  private isStuck({ blocked }: CallDispatcher): boolean {
    return blocked >= this.options.maxParkedCalls;
  }

  /** Intents that have not ended, all tasks together. */
  get outstanding(): number {
    return this.sum((dispatcher) => dispatcher.outstanding);
  }

  /** Requests on their way. */
  get inFlight(): number {
    return this.sum((dispatcher) => dispatcher.inFlight);
  }

  /** What the calls of each stage are doing, in order of names; stages without a task here are left out. */
  status(): readonly CallStatus[] {
    const stages = new Map<string, CallDispatcher[]>();
    for (const byStage of this.dispatchers.values()) {
      for (const [stage, dispatcher] of byStage) {
        stages.set(stage, [...(stages.get(stage) ?? []), dispatcher]);
      }
    }
    return [...stages.keys()].sort().map((stage) => {
      const count = (phase: CallPhase): number =>
        (stages.get(stage) ?? []).reduce((sum, dispatcher) => sum + dispatcher.count(phase), 0);
      return {
        stage,
        inFlight: count('in-flight'),
        waiting: count('waiting'),
        backingOff: count('backing-off'),
        parked: count('parked'),
        held: count('held'),
        ...(stages.get(stage)?.some((it) => this.isStuck(it)) ? { inputsPaused: true } : {}),
        breaker: this.breakers.get(stage)?.state,
      };
    });
  }

  /**
   * Lets go of a task's calls: what is in flight is given up, its journal has it. Replies that come late are nobody's. The task may have items of them yet, to be
   * committed where that is still possible.
   */
  closeTask(task: Task): void {
    for (const dispatcher of this.dispatchers.get(task)?.values() ?? []) dispatcher.leave();
    this.dispatchers.delete(task);
  }

  /**
   * Lets go of all calls in order: no request is begun any more, and those under way have `call-grace` to be answered. Replies are the tasks' then, to be committed.
   */
  async leave(): Promise<void> {
    const { clock, callGraceMs } = this.options;
    this.leaving = true;
    const answered = Promise.all([...this.limiters.values()].map((limiter) => limiter.stop()));
    if (callGraceMs > 0) {
      const over = Promise.withResolvers<void>();
      const cancel = clock.after(callGraceMs, over.resolve);
      await Promise.race([answered, over.promise]);
      cancel();
    }
    for (const task of this.dispatchers.keys()) this.closeTask(task);
  }

  close(): void {
    this.resolutions.close();
    for (const byStage of this.dispatchers.values()) {
      for (const dispatcher of byStage.values()) dispatcher.close();
    }
    this.dispatchers.clear();
  }

  private resolve(resolution: Resolution): void {
    const { stage, partition, sequence } = callOf(resolution.call) ?? {};
    const { idempotencyKey, sinceMs, note } = resolution;
    for (const [task, byStage] of this.dispatchers) {
      if (task.partition !== partition) continue;
      const dispatcher = byStage.get(stage ?? '');
      const node = task.topology.calls.find(({ name }) => name === stage);
      const result = node === undefined ? undefined : this.resultOf(resolution, node);
      if (dispatcher === undefined || sequence === undefined || result === undefined) continue;
      dispatcher.resolve({ sequence, idempotencyKey, sinceMs }, result, note);
    }
  }

  /** Ends a call of a task that is being opened, where a person decided about it meanwhile. */
  private decided(task: Task, node: StageNode, sequence: number, intent: JournaledIntent): boolean {
    const { idempotencyKey, progress } = intent;
    const { attempts, sinceMs } = progress;
    for (const resolution of this.resolutions.of(callId(node.name, task.partition, sequence))) {
      if (resolution.idempotencyKey !== idempotencyKey || resolution.sinceMs !== sinceMs) continue;
      const result = this.resultOf(resolution, node);
      if (result === undefined) continue;
      const end = { attempts, decidedBy: 'operator', note: resolution.note } as const;
      task.addCallItem({ kind: 'reply', stage: node.name, sequence, intent, result, end });
      return true;
    }
    return false;
  }

  /** Undefined: the reply was checked against another version of its type, and does not fit this one. */
  private resultOf({ result }: Resolution, node: StageNode): Resolution['result'] | undefined {
    if (result.kind === 'unknown') return result;
    const { call } = node.operator as CallOperatorDef;
    return this.options.isReply(call)(result.reply) ? result : undefined;
  }

  private sum(of: (dispatcher: CallDispatcher) => number): number {
    let total = 0;
    for (const byStage of this.dispatchers.values()) {
      for (const dispatcher of byStage.values()) total += of(dispatcher);
    }
    return total;
  }

  private dispatcher(task: Task, node: StageNode): CallDispatcher {
    const operator = node.operator as CallOperatorDef;
    const { clock, random, probe, wake } = this.options;
    let limiter = this.limiters.get(node.name);
    if (limiter === undefined) {
      limiter = new CallLimiter(operator.concurrency.limit);
      this.limiters.set(node.name, limiter);
      if (this.leaving) void limiter.stop();
    }
    let breaker = this.breakers.get(node.name);
    if (breaker === undefined && operator.breaker !== undefined) {
      breaker = new BreakerGate(operator.breaker, clock);
      this.breakers.set(node.name, breaker);
    }
    const stage = node.name;
    return new CallDispatcher({
      operator,
      effect: (this.options.plan.calls.get(operator.call) as CallPlan).effect,
      lookup: this.options.lookup(operator.call),
      breaker,
      handler: this.options.handler(operator.call),
      isReply: this.options.isReply(operator.call),
      limiter,
      clock,
      random,
      issued: () => probe('call.issued'),
      ended: (sequence, intent, result, end) => {
        probe('call.replied');
        task.addCallItem({ kind: 'reply', stage, sequence, intent, result, end });
        wake();
      },
      note: (sequence, intent) => {
        task.addCallItem({ kind: 'note', stage, sequence, intent });
        wake();
      },
    });
  }
}
