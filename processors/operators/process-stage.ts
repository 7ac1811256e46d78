import type { Observable, Subscription } from 'rxjs';
import { IllegalStateError, ProcessingError } from '../../topology/core/errors.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import { AttributedOutcomes } from '../attributed-outcomes.ts';
import type { StageEnvironment } from '../environment.ts';
import { userFunction } from '../functions.ts';
import { withKeyedLanes } from '../lanes.ts';
import { checkOutputs, effects } from '../process-outputs.ts';
import type { ProcessContext, ProcessStage } from '../process.ts';
import { listen, Relay } from '../relay.ts';
import type { Punctuation, Stage, StageContext, StageInputs, StageOutputs } from '../stage.ts';
import { stageError } from '../stage-error.ts';

type Tick = StreamRecord | Punctuation;

interface Process {
  readonly name: string;
  readonly call: ProcessStage;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly stateful: boolean;
}

/** One attempt of a user's stage, and the watch over it. */
class ProcessRun {
  readonly #process: Process;
  readonly #context: StageContext;
  readonly #outcomes: AttributedOutcomes;
  readonly #inputs: Readonly<Record<string, Relay<Tick>>>;
  readonly #outputs: Readonly<Record<string, Relay>>;
  readonly #releases: (() => void)[] = [];
  readonly #subscriptions: Subscription[] = [];
  #open = 0;
  #connected = false;
  #over = false;
  #current: StreamRecord | undefined;

  constructor(process: Process, context: StageContext) {
    this.#process = process;
    this.#context = context;
    this.#outcomes = new AttributedOutcomes(context.outcomes);
    this.#inputs = Object.fromEntries(
      process.inputs.map((port) => [port, new Relay<Tick>(() => this.#leave(port))]),
    );
    const outputs = process.outputs.length === 0 ? [effects] : process.outputs;
    const onIdle = () => this.#idle();
    this.#outputs = Object.fromEntries(outputs.map((name) => [name, new Relay(onIdle)]));
  }

  connect(sources: StageInputs): StageOutputs {
    const { inputs, stateful } = this.#process;
    withKeyedLanes(stateful, () => this.#subscribe(this.#call()));
    this.#connected = true;
    this.#open += inputs.length;
    for (const port of inputs) {
      const source = sources[port];
      const relay = this.#inputs[port] as Relay<Tick>;
      if (source === undefined) this.#end(relay);
      else this.#release(listen(source, this.#watch(port, relay)));
    }
    return this.#outputs;
  }

  #call(): Readonly<Record<string, Observable<unknown>>> {
    const { name, call, outputs } = this.#process;
    let result: unknown;
    try {
      result = call(this.#inputs, this.#userContext());
    } catch (cause) {
      throw stageError(cause, this.#context);
    }
    return checkOutputs(result, { processor: name, stage: this.#context.stage, outputs });
  }

  #subscribe(given: Readonly<Record<string, Observable<unknown>>>): void {
    const names = Object.keys(given);
    this.#open += names.length;
    for (const name of names) {
      const relay = this.#process.outputs.includes(name) ? this.#outputs[name] : undefined;
      const subscription = (given[name] as Observable<unknown>).subscribe({
        next: (value) => {
          if (relay !== undefined) this.#emit(name, relay, value);
        },
        error: (reason: unknown) => this.#fail(reason),
        complete: () => this.#settle(),
      });
      if (this.#over) subscription.unsubscribe();
      else this.#subscriptions.push(subscription);
    }
  }

  #watch(port: string, relay: Relay<Tick>) {
    return {
      next: (tick: Tick) => {
        if (!relay.observed) return this.#fail(this.#ignored(port));
        if (tick instanceof StreamRecord) this.#take(relay, tick);
        else relay.next(tick);
      },
      error: (reason: unknown) => this.#stop((output) => output.error(reason)),
      complete: () => this.#end(relay),
    };
  }

  #take(relay: Relay<Tick>, record: StreamRecord): void {
    if (record.time > this.#context.operatorTime) this.#context.operatorTime = record.time;
    this.#current = record;
    this.#outcomes.take(record);
    relay.next(record);
    this.#outcomes.taken();
    this.#current = undefined;
  }

  #emit(name: string, relay: Relay, value: unknown): void {
    if (this.#over) return;
    if (!(value instanceof StreamRecord)) {
      this.#fail(
        new ProcessingError(
          'PROCESS_NOT_A_RECORD',
          `its output "${name}" gave something that is no record: use record.withValue(…) or context.record(…)`,
        ),
      );
    } else if (!Number.isSafeInteger(value.time)) {
      this.#fail(
        new ProcessingError(
          'PROCESS_TIME',
          `its output "${name}" gave a record with time ${String(value.time)}: a time is a whole number of ms since epoch`,
        ),
      );
    } else if (!this.#connected) {
      this.#fail(
        new ProcessingError(
          'PROCESS_EARLY_OUTPUT',
          `its output "${name}" gave a record before any input did: every batch would repeat it`,
        ),
      );
    } else {
      this.#outcomes.emit(value);
      relay.next(value);
    }
  }

  #userContext(): ProcessContext {
    const context = this.#context;
    const outcomes = this.#outcomes;
    return {
      stage: context.stage,
      taskId: context.taskId,
      get streamTime() {
        return context.streamTime;
      },
      get operatorTime() {
        return context.operatorTime;
      },
      wallClock: context.wallClock,
      store: (name) => context.store(name),
      record: (fields) => context.record(fields),
      deadLetter: (record, reason) => {
        outcomes.deadLetter(record);
        context.deadLetter(record, reason);
      },
    };
  }

  #ignored(port: string): ProcessingError {
    return new ProcessingError(
      'PROCESS_INPUT_IGNORED',
      `it got a record on "${port}", to which it does not listen: subscribe to it, or return inputs.${port}.pipe(effect(…)) as effects`,
    );
  }

  /** The user's stage let go of an input that had more to come. */
  #leave(port: string): void {
    if (this.#over) return;
    this.#fail(
      new ProcessingError(
        'PROCESS_ENDED_EARLY',
        `it stopped listening to "${port}" before that was over (take, first, catchError, …): its result would depend on where batches end`,
      ),
    );
  }

  #end(relay: Relay<Tick>): void {
    relay.complete();
    this.#settle();
  }

  // Outputs end together, when all inputs, outputs and effects have: whatever goes wrong until then
  // can still be said.
  #settle(): void {
    this.#open--;
    if (this.#open === 0 && this.#connected) this.#stop((output) => output.complete());
  }

  #fail(cause: unknown): void {
    const error = stageError(cause, this.#context, this.#current);
    this.#stop((output) => output.error(error));
  }

  #idle(): void {
    if (Object.values(this.#outputs).every((relay) => !relay.observed)) this.#stop(() => {});
  }

  #stop(tell: (output: Relay) => void): void {
    if (this.#over) return;
    this.#over = true;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    for (const release of this.#releases) release();
    for (const relay of Object.values(this.#outputs)) tell(relay);
  }

  #release(release: () => void): void {
    if (this.#over) release();
    else this.#releases.push(release);
  }
}

/**
 * Compiles a user's RxJS stage, watched: an input that it never listens to or leaves early, an
 * output that is undeclared, missing or gives what is no record, and everything it throws end the
 * batch with a `ProcessingError` that names the stage.
 *
 * `connect` throws `ConfigError` PROCESS_OUTPUTS, PROCESS_OUTPUT_MISSING or
 * PROCESS_OUTPUT_UNDECLARED, and what the function itself throws as `ProcessingError`: no record is
 * to blame for these.
 */
export function compileProcess(
  node: StageNode,
  operator: { readonly use: string },
  environment: StageEnvironment,
): Stage {
  if (effects in node.outputs) {
    throw new IllegalStateError(
      'PLAN_OUTPUT',
      `output "effects" of node "${node.name}" has a name that stages use for something else`,
    );
  }
  const process: Process = {
    name: operator.use,
    call: userFunction(environment, operator.use) as unknown as ProcessStage,
    inputs: [...Object.keys(node.inputs), ...Object.keys(node.punctuate)],
    outputs: Object.keys(node.outputs),
    stateful: node.stores.length > 0,
  };
  return { connect: (inputs, context) => new ProcessRun(process, context).connect(inputs) };
}
