import { ConfigError } from '../../topology/core/errors.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { Position } from '../ports.ts';

/** The error for a position of an application whose records were deleted before they were read. */
export function positionBelowStart(position: Position, start: number): ConfigError {
  const { topic, partition, offset } = position;
  return new ConfigError(
    'POSITION_BELOW_START',
    `${partitionId(topic, partition)} is read up to ${offset}, but the log begins at ${start}: ` +
      `${start - offset} records were deleted before they were read; reset the application, or keep the topic longer`,
  );
}

/** What is said where the group has no position any more, and the control record tells it. */
export function positionForgotten(group: string, { topic, partition, offset }: Position): string {
  return (
    `the group "${group}" has no position in ${partitionId(topic, partition)} any more: ` +
    `goes on at ${offset}, where the last transaction left it`
  );
}
