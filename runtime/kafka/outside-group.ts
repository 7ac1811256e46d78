import type { KafkaMembership } from './group/kafka-membership.ts';

/**
 * A membership of who reads no topic by a group and only appends: nothing is assigned, so there is no group
 * to join, and nothing to fence but its producer.
 */
export function outsideGroup(group: string, slot: string): KafkaMembership {
  let ended = false;
  return {
    group,
    memberId: slot,
    generation: -1,
    instanceId: null,
    outside: true,
    joining: false,
    settled: async () => {},
    owns: () => false,
    expelled: () => {},
    get ended() {
      return ended;
    },
    leave: async () => {
      ended = true;
    },
  };
}
