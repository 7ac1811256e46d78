import { type BrokerChoice, chooseBroker } from './choose-broker.ts';
import { startCluster } from './cluster.ts';
import { thisMachine } from './machine.ts';
import type { SharedThing } from './shared-service.ts';

/** The broker of a run, as test files get it. */
export type SharedBroker =
  { readonly brokers: readonly string[]; readonly from: string } | { readonly missing: string };

/** The broker that all test files of a run share. */
export const sharedKafka: SharedThing = {
  async start() {
    const choice = chooseBroker(process.env, thisMachine);
    if (choice.kind === 'none') return { answer: { missing: choice.reason }, close: nothing };
    const started = await start(choice);
    const answer: SharedBroker = { brokers: started.brokers, from: choice.kind };
    return { answer, close: () => started.close() };
  },
};

async function nothing(): Promise<void> {}

async function start(
  choice: Exclude<BrokerChoice, { kind: 'none' }>,
): Promise<{ readonly brokers: readonly string[]; close(): Promise<void> }> {
  switch (choice.kind) {
    case 'external':
      return { brokers: choice.brokers, close: nothing };
    case 'container': {
      // Loads a large package that the other ways do not need.
      const { startKafkaContainer } = await import('./kafka-container.ts');
      return startKafkaContainer();
    }
    case 'java': {
      const cluster = await startCluster({ heapMb: 1024 });
      return { brokers: cluster.brokers, close: () => cluster.close() };
    }
  }
}
