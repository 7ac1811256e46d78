import { groupActive } from '../../log/log-errors.ts';
import type { Position } from '../../ports.ts';
import type { Asking } from '../ask-leaders.ts';
import { refused } from '../broker-error.ts';
import { call } from '../client.ts';
import { codeOf } from '../error-codes.ts';
import { byTopic } from '../leaders.ts';
import { deleteGroups } from '../messages/delete-groups.ts';
import { describeGroups } from '../messages/describe-groups.ts';
import { listGroups } from '../messages/list-groups.ts';
import { offsetCommit } from '../messages/offset-commit.ts';
import { offsetFetch } from '../messages/offset-fetch.ts';
import type { NodeId } from '../wire.ts';
import { persist } from './persist.ts';

/**
 * Names of the groups that have positions, in order.
 * @throws {ConfigError} KAFKA_RIGHTS
 */
export async function groupsWithPositions(asking: Asking): Promise<readonly string[]> {
  const { wire } = asking;
  return persist(asking, 'list groups', async () => {
    const { nodes } = await wire.cluster();
    const found = await Promise.all(nodes.map(({ id }) => groupsAt(asking, id)));
    return [...new Set(found.flat())].sort((a, b) => (a < b ? -1 : 1));
  });
}

async function groupsAt({ wire }: Asking, node: NodeId): Promise<readonly string[]> {
  const { errorCode, groups } = await call(wire, node, listGroups, {
    statesFilter: [],
    typesFilter: [],
  });
  if (errorCode !== 0) {
    throw refused(errorCode, 'list groups', { right: 'Describe on the cluster' });
  }
  const found: string[] = [];
  for (const { groupId, groupType } of groups) {
    if (groupType === 'share') continue;
    const answer = await call(wire, node, offsetFetch, {
      groupId,
      topics: null,
      requireStable: false,
    });
    if (answer.errorCode !== 0) {
      const right = `Describe on group "${groupId}"`;
      throw refused(answer.errorCode, `read positions of group "${groupId}"`, { right });
    }
    const some = answer.topics.some((it) => it.partitions.some((of) => of.committedOffset >= 0));
    if (some) found.push(groupId);
  }
  return found;
}

/**
 * Deletes all positions of a group.
 * @throws {ConfigError} GROUP_ACTIVE, KAFKA_RIGHTS
 */
export async function removePositions(asking: Asking, group: string): Promise<void> {
  await atCoordinator(asking, group, `delete group "${group}"`, async (node, what) => {
    const { results } = await call(asking.wire, node, deleteGroups, { groupsNames: [group] });
    for (const { errorCode } of results) {
      const { name } = codeOf(errorCode);
      if (name === 'NONE' || name === 'GROUP_ID_NOT_FOUND') continue;
      if (name === 'NON_EMPTY_GROUP') throw groupActive(group);
      throw refused(errorCode, what, { right: `Delete on group "${group}"` });
    }
  });
}

/**
 * Sets positions of a group without members.
 * @throws {ConfigError} GROUP_ACTIVE, KAFKA_RIGHTS
 */
export async function writePositions(
  asking: Asking,
  group: string,
  positions: readonly Position[],
): Promise<void> {
  await atCoordinator(asking, group, `set positions of group "${group}"`, async (node, what) => {
    await refuseActive(asking, node, group);
    const { topics } = await call(asking.wire, node, offsetCommit, {
      groupId: group,
      generationId: -1,
      memberId: '',
      groupInstanceId: null,
      topics: byTopic(positions).map(([name, items]) => ({
        name,
        partitions: items.map(({ partition, offset }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: -1,
          committedMetadata: null,
        })),
      })),
    });
    for (const { name: topic, partitions } of topics) {
      for (const { partitionIndex: partition, errorCode } of partitions) {
        if (errorCode === 0) continue;
        // The answer to a commit from outside while there are members.
        if (codeOf(errorCode).name === 'UNKNOWN_MEMBER_ID') throw groupActive(group);
        const right = `Read on group "${group}" and on topic "${topic}"`;
        throw refused(errorCode, what, { topic, partition, right });
      }
    }
  });
}

async function refuseActive({ wire }: Asking, node: NodeId, group: string): Promise<void> {
  const { groups } = await call(wire, node, describeGroups, {
    groups: [group],
    includeAuthorizedOperations: false,
  });
  for (const { errorCode, groupState } of groups) {
    const { name } = codeOf(errorCode);
    // Since version 6 a group that is not there is an error.
    if (name === 'GROUP_ID_NOT_FOUND') continue;
    if (name !== 'NONE') {
      throw refused(errorCode, `describe group "${group}"`, {
        right: `Describe on group "${group}"`,
      });
    }
    if (groupState !== 'Empty' && groupState !== 'Dead') throw groupActive(group);
  }
}

async function atCoordinator(
  asking: Asking,
  group: string,
  what: string,
  act: (node: NodeId, what: string) => Promise<void>,
): Promise<void> {
  await persist(asking, what, async (failures) => {
    await act(await asking.wire.coordinator(group, 'group', failures > 0), what);
  });
}
