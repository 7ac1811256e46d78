import { type ErrorPlace, isStreamsError, ProcessingError } from '../../topology/core/errors.ts';
import type { ErrorPolicyDef } from '../../topology/definition/definition.ts';
import type { Attempt } from './attempt.ts';
import {
  deadLetterHeaders,
  errorMessage,
  type FailedRecord,
  type WireHalves,
} from './dead-letter.ts';

export interface DeadLetterOptions {
  readonly application: string;
  readonly taskId: string;
  readonly partition: number;
  /** What happens to a record that fails in a stage. */
  readonly policy: (stage: string) => ErrorPolicyDef;
  readonly partitions: (topic: string) => number;
  /** Where records of a topic bear schema ids. */
  readonly wire: (topic: string) => WireHalves;
}

const noIds: WireHalves = { key: false, value: false };

/** Sends failing records of a task to the dead-letter topic that their stage names; or stops, where its policy is to fail. */
export class DeadLetters {
  private readonly options: DeadLetterOptions;

  constructor(options: DeadLetterOptions) {
    this.options = options;
  }

  /** What happens to a record that fails in a stage. */
  policyOf(stage: string): ErrorPolicyDef {
    return this.options.policy(stage);
  }

  /**
   * Writes a dead letter into the output of the attempt, and notes there under which policy.
   * @throws {ProcessingError} STAGE_FAILED_FATAL when the stage's policy is `fail`: the application stops before the record
   */
  write(failed: FailedRecord, attempt: Attempt): void {
    const { options } = this;
    const { raw, error } = failed;
    const place = { taskId: options.taskId, ...failed.place };
    const policy = options.policy(place.stage ?? '');
    if ('fail' in policy) throw fatal(error, place);
    attempt.failedUnder.push({ policy, error });
    const topic = policy.deadLetter;
    const wire = place.topic === undefined ? noIds : options.wire(place.topic);
    attempt.output.appendPair(
      topic,
      options.partition % options.partitions(topic),
      raw.time,
      raw.key,
      raw.value,
      deadLetterHeaders({ ...failed, place }, options.application, wire),
    );
  }
}

/** The stage that an error names, if it does. */
export function stageOf(error: unknown): string | undefined {
  return isStreamsError(error) ? error.place.stage : undefined;
}

function fatal(error: unknown, place: ErrorPlace): ProcessingError {
  const where =
    place.topic === undefined
      ? ''
      : ` (${place.topic}-${place.partition} at offset ${place.offset})`;
  return new ProcessingError(
    'STAGE_FAILED_FATAL',
    `a record failed in stage "${place.stage}"${where} and its error policy is "fail": ${errorMessage(error)}`,
    { cause: error, place },
  );
}
