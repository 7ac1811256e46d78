import type { Ports } from '../../../../runtime/app/application.ts';
import type { KafkaMembership } from '../../../../runtime/kafka/group/kafka-membership.ts';
import type { Membership, Transactor } from '../../../../runtime/ports.ts';
import { breakPorts } from '../../child/breakage.ts';
import { withTransactor } from '../../child/wrap.ts';
import type { KafkaBreakage } from './words.ts';

/** Ports of a member that break an invariant. */
export function breakMember(ports: Ports, breakage: KafkaBreakage): Ports {
  if (breakage !== 'E3-no-generation') return breakPorts(ports, breakage);
  return { ...ports, log: withTransactor(ports.log, withoutGeneration) };
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
