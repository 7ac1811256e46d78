import type { Clock } from '../../../topology/core/clock.ts';
import { call } from '../client.ts';
import type { KafkaMembership } from '../group/kafka-membership.ts';
import { heartbeat } from '../messages/heartbeat.ts';
import { Patience, passes, reactionOf } from '../patience.ts';
import type { KafkaWire } from '../wire.ts';
import { Refusal } from './transaction-reactions.ts';

const fencedInstanceId = 82;

/**
 * Asks the group whether another process has taken the place of this member. `gone`: the group does not know the member, and nobody has taken its place, which only
 * a static member can know.
 * @throws what does not pass by itself within the patience
 */
export async function placeInGroup(
  asking: { readonly wire: KafkaWire; readonly clock: Clock; readonly patienceMs: number },
  membership: KafkaMembership,
): Promise<'held' | 'gone' | 'taken'> {
  const { wire, clock, patienceMs } = asking;
  const { group: groupId, memberId, instanceId: groupInstanceId } = membership;
  const what = `ask group "${groupId}" for this member`;
  const patience = new Patience(clock, patienceMs);
  let refresh = false;
  for (;;) {
    let failure: unknown;
    try {
      const node = await wire.coordinator(groupId, 'group', refresh);
      const { generation: generationId } = membership;
      const request = { groupId, generationId, memberId, groupInstanceId };
      const { errorCode } = await call(wire, node, heartbeat, request);
      const { reaction, error } = new Refusal(errorCode, what);
      if (errorCode === 0 || reaction === 'generation') return 'held';
      if (reaction === 'expelled') {
        return errorCode === fencedInstanceId || groupInstanceId === null ? 'taken' : 'gone';
      }
      failure = error;
    } catch (error) {
      if (!passes(error)) throw error;
      failure = error;
    }
    await patience.after(failure, what);
    refresh = reactionOf(failure) !== 'retry';
  }
}
