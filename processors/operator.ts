import type { StreamRecord } from '../topology/core/record.ts';
import { listen, Relay, type RecordObserver } from './relay.ts';
import type { Outcomes } from './outcomes.ts';
import type { StageContext, StageInputs, StageOutputs } from './stage.ts';
import { stageError } from './stage-error.ts';

/**
 * One attempt of a built-in stage: listens to all its inputs at once, has hot outputs, and ends
 * when all inputs have.
 *
 * - A record is handled, and everything that it causes downstream, before the next one.
 * - What is thrown while a record is handled ends all outputs with a `ProcessingError`; no further
 *   record is taken.
 * - When nobody listens any more to any output, the inputs are let go.
 */
export abstract class Operator implements RecordObserver {
  protected readonly context: StageContext;
  protected readonly outcomes: Outcomes;
  /** The first (mostly: the only) output. */
  protected readonly out: Relay;
  readonly #outputs: Readonly<Record<string, Relay>>;
  readonly #releases: (() => void)[] = [];
  #open = 0;
  #over = false;

  constructor(context: StageContext, outputs: readonly string[] = ['out']) {
    this.context = context;
    this.outcomes = context.outcomes;
    const onIdle = () => this.#idle();
    this.#outputs = Object.fromEntries(outputs.map((name) => [name, new Relay(onIdle)]));
    this.out = this.output(outputs[0] as string);
  }

  /** Starts to listen. Records must not flow before the outputs have their observers. */
  open(inputs: StageInputs): StageOutputs {
    const ports = Object.entries(inputs);
    this.#open = ports.length;
    for (const [port, source] of ports) {
      const release = listen(source, this.observer(port));
      if (this.#over) release();
      else this.#releases.push(release);
    }
    return this.#outputs;
  }

  /** Handles one record of the main input: emits, or counts what else became of it. */
  protected abstract process(record: StreamRecord): void;

  /**
   * Who listens to an input port; the operator itself unless a kind of stage has ports of its own.
   */
  protected observer(_port: string): RecordObserver {
    return this;
  }

  protected output(name: string): Relay {
    return this.#outputs[name] as Relay;
  }

  next(record: StreamRecord): void {
    this.outcomes.in++;
    try {
      this.process(record);
    } catch (cause) {
      this.fail(cause, record);
    }
  }

  error(reason: unknown): void {
    this.#stop();
    for (const relay of Object.values(this.#outputs)) relay.error(reason);
  }

  complete(): void {
    this.#open--;
    if (this.#open > 0 || this.#over) return;
    this.#stop();
    for (const relay of Object.values(this.#outputs)) relay.complete();
  }

  /** The one output of a record that has one. */
  protected emit(record: StreamRecord): void {
    this.outcomes.emitted++;
    this.outcomes.out++;
    this.out.next(record);
  }

  /** Counts the one output of a record where nobody listens to it, so that it need not be made. */
  protected emitUnheard(): void {
    this.outcomes.emitted++;
    this.outcomes.out++;
  }

  protected fail(cause: unknown, record?: StreamRecord): void {
    this.error(stageError(cause, this.context, record));
  }

  #idle(): void {
    if (Object.values(this.#outputs).every((relay) => !relay.observed)) this.#stop();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    for (const release of this.#releases) release();
  }
}
