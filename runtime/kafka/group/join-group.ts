import { topicUnknown } from '../../log/log-errors.ts';
import type { GroupOptions, Ownership, TaskUnit } from '../../ports.ts';
import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { KafkaWire } from '../wire.ts';
import { GroupClient } from './group-client.ts';
import type { KafkaMembership } from './kafka-membership.ts';
import { GroupMember } from './member.ts';
import { compileSettings, type MembershipSettings } from './settings.ts';

/**
 * Becomes a member of a consumer group. Resolves when the first assignment has been taken in, which may be empty while others still have everything; what ends the
 * membership later is told to `ownership.failed`.
 *
 * @throws {ConfigError} SLOT_TAKEN, PLAN_REFUSED, TASK_UNKNOWN, GROUP_FOREIGN, GROUP_VERSION, TOPIC_UNKNOWN, and what the broker refuses
 */
export async function joinGroup(
  wire: KafkaWire,
  options: GroupOptions,
  ownership: Ownership,
  settings: MembershipSettings,
): Promise<KafkaMembership> {
  const member = new GroupMember({
    client: new GroupClient(wire, options.group),
    options,
    tasks: options.tasks ?? (await partitionTasks(wire, options.topics)),
    ownership,
    settings: compileSettings(settings),
  });
  await member.start();
  return member;
}

/** Every partition by itself, stateless. */
async function partitionTasks(
  wire: KafkaWire,
  topics: readonly string[],
): Promise<readonly TaskUnit[]> {
  const known = await wire.topics(topics, true);
  return topics.flatMap((topic) => {
    const found = known.get(topic);
    if (found === undefined) throw topicUnknown(topic);
    return found.partitions.map(({ partition }) => ({
      id: partitionId(topic, partition),
      inputs: [{ topic, partition }],
      stores: 0,
    }));
  });
}
