import type { TaskControl } from '../task/task-control.ts';

/**
 * Where the last transaction of a task left an input whose position the group has lost: brokers forget positions of a group that nobody was in
 * for `offsets.retention.minutes`. Undefined where the control record does not tell, or the topic is another one of the same name by now.
 */
export function keptPosition(
  control: TaskControl | undefined,
  { topic, topicId }: { readonly topic: string; readonly topicId: string | undefined },
): number | undefined {
  const id = control?.topicIds?.[topic];
  return id === undefined || id !== topicId ? undefined : control?.positions[topic];
}
