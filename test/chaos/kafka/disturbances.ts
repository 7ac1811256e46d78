import type { Cluster } from '../../broker/harness/cluster.ts';
import { wholeAgain } from './cluster-upkeep.ts';
import type { BrokerFault, FaultPlan, NetworkFault } from './faults.ts';
import { nap } from './lane.ts';
import type { TimeLimit } from './lane.ts';
import type { CampaignTally } from './tally.ts';

/** Longest time until all replicas are in sync again, ms. */
const wholeMs = 180_000;

/** What disturbances work on. */
export interface Disturbed {
  readonly cluster: Cluster;
  readonly plan: FaultPlan;
  readonly tally: CampaignTally;
  readonly print: (line: string) => void;
  /** Ends a fault early. */
  readonly calm: AbortSignal;
  readonly limit: TimeLimit;
}

/** Takes a broker away for a while, and waits until all replicas are in sync again: with one broker away, two are enough. */
export async function disturbBroker(disturbed: Disturbed): Promise<void> {
  const { cluster, plan, tally, print, calm, limit } = disturbed;
  const fault: BrokerFault = plan.broker();
  const node = cluster.node(fault.broker);
  print(`broker ${fault.broker}: ${fault.kind}, for ${fault.forMs} ms`);
  tally.fault(`${brokerFaults[fault.kind]} of a broker`);
  if (fault.kind === 'freeze') {
    node.pause();
    await nap(fault.forMs, calm);
    node.resume();
  } else {
    await (fault.kind === 'kill' ? node.kill() : node.stop());
    await nap(fault.forMs, calm);
    await node.start();
  }
  await wholeAgain(cluster.brokers, limit.atMost(wholeMs));
}

const brokerFaults = { kill: 'SIGKILL', stop: 'orderly restart', freeze: 'SIGSTOP' } as const;

/** Does something to the connections of a broker's clients. */
export async function disturbNetwork(disturbed: Disturbed): Promise<void> {
  const { cluster, plan, tally, print, calm } = disturbed;
  const fault: NetworkFault = plan.network();
  const proxy = cluster.proxy(fault.broker);
  print(`connections of broker ${fault.broker}: ${fault.kind}`);
  tally.fault(networkFaults[fault.kind]);
  switch (fault.kind) {
    case 'cut':
      proxy.cut();
      break;
    case 'slow':
      proxy.delay(fault.delayMs);
      await nap(fault.forMs, calm);
      proxy.delay(0);
      break;
    case 'stall':
      proxy.stall();
      await nap(fault.forMs, calm);
      proxy.unstall();
      break;
    case 'refuse':
      proxy.refuse();
      proxy.cut();
      await nap(fault.forMs, calm);
      proxy.accept();
      break;
  }
}

const networkFaults = {
  cut: 'connections cut',
  slow: 'connections slow',
  stall: 'connections silent',
  refuse: 'connections cut and refused',
} as const;
