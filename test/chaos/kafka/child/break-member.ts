import type { KafkaMembership } from '../../../../runtime/kafka/group/kafka-membership.ts';
import type { Log, Membership, Transactor } from '../../../../runtime/ports.ts';
import { withTransactor } from '../../child/wrap.ts';
import type { KafkaBreakage } from './words.ts';

const breakages: Readonly<Record<KafkaBreakage, (inner: Transactor) => Transactor>> = {
  'E3-no-generation': withoutGeneration,
};

/** A member's log that breaks an invariant. */
export function breakMember(log: Log, breakage: KafkaBreakage): Log {
  return withTransactor(log, breakages[breakage]);
}

/** The group takes positions of nobody in particular from anybody (KIP-447). */
function withoutGeneration(inner: Transactor): Transactor {
  return {
    commit: (transaction, membership) => inner.commit(transaction, nobodyOf(membership)),
    close: () => inner.close(),
  };
}

function nobodyOf(membership: Membership): KafkaMembership {
  return {
    group: membership.group,
    memberId: '',
    generation: -1,
    instanceId: null,
    joining: false,
    settled: () => Promise.resolve(),
    owns: () => true,
    expelled: () => {},
    leave: () => membership.leave(),
  };
}
