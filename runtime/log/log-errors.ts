import { ConfigError, TaskMigratedError } from '../../topology/core/errors.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';

/** The error for a topic that a log does not have. */
export function topicUnknown(topic: string): ConfigError {
  return new ConfigError(
    'TOPIC_UNKNOWN',
    `the log has no topic "${topic}": create it first, or check the name`,
    { place: { topic } },
  );
}

/** The error for a partition that a topic does not have. */
export function partitionUnknown(topic: string, partition: number, partitions: number) {
  return new ConfigError(
    'PARTITION_UNKNOWN',
    `topic "${topic}" has no partition ${partition}: it has ${partitions}, counted from 0`,
    { place: { topic, partition } },
  );
}

/** The error for an offset outside what a partition holds. */
export function offsetOutOfRange(topic: string, partition: number, offset: number, end: number) {
  return new ConfigError(
    'OFFSET_RANGE',
    `offset ${offset} is beyond the end of ${partitionId(topic, partition)}, which is ${end}`,
    { place: { topic, partition, offset } },
  );
}

/** The error for a change of group positions while the group runs. */
export function groupActive(group: string): ConfigError {
  return new ConfigError(
    'GROUP_ACTIVE',
    `application "${group}" is running: stop it before its positions are set`,
  );
}

/** The error for a second owner of an application. `holder` says who the first is. */
export function applicationOwned(group: string, holder: string): ConfigError {
  return new ConfigError(
    'APPLICATION_OWNED',
    `application "${group}" already runs on this log: ${holder}. ` +
      'Stop it, or give this one another application name',
  );
}

/**
 * The error for a commit of a member or transactional producer that another one has replaced
 * (invariant E6).
 */
export function fenced(group: string, what: string): TaskMigratedError {
  return new TaskMigratedError(
    'FENCED',
    `application "${group}" has another owner by now: ${what}; this one must drop its tasks`,
  );
}
