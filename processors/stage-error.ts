import { isStreamsError, ProcessingError, SerdeError } from '../topology/core/errors.ts';
import type { StreamRecord } from '../topology/core/record.ts';
import { partitionId } from '../topology/core/topic-partition.ts';
import type { StageContext } from './stage.ts';

/**
 * The error that a stage reports for what was thrown inside it: `ProcessingError` with stage, task
 * and the place of the record. What does not fit a schema (in a store, in a sink) stays a
 * `SerdeError`, with the stage. Errors of this library that are no record failures (a lost task, a
 * handle that is over) pass unchanged, since their class is the reaction to them.
 */
export function stageError(
  cause: unknown,
  context: Pick<StageContext, 'stage' | 'taskId'>,
  record?: StreamRecord,
): unknown {
  if (cause instanceof SerdeError && cause.place.stage === undefined) {
    const { taskId, stage } = context;
    const place = { ...cause.place, taskId, stage };
    return new SerdeError(cause.code, cause.message, { cause: cause.cause, place });
  }
  if (isStreamsError(cause)) {
    if (!(cause instanceof ProcessingError) || cause.place.stage !== undefined) return cause;
  }
  const place = {
    taskId: context.taskId,
    stage: context.stage,
    ...(record !== undefined && record.offset >= 0
      ? { topic: record.topic, partition: record.partition, offset: record.offset }
      : {}),
  };
  const where =
    record === undefined || record.offset < 0
      ? ''
      : ` on ${partitionId(record.topic, record.partition)} at offset ${record.offset}`;
  return new ProcessingError(
    cause instanceof ProcessingError ? cause.code : 'STAGE_FAILED',
    `stage "${context.stage}" failed${where}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, place },
  );
}
