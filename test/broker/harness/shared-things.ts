import { type BrokerChoice, chooseBroker, chooseRegistry } from './choose-broker.ts';
import { startCluster } from './cluster.ts';
import { thisMachine } from './machine.ts';
import { startRegistry } from './registry.ts';
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

/** The registry of a run, as test files get it. */
export type SharedRegistry = { readonly url: string } | { readonly missing: string };

/** The schema registry that all test files of a run share. */
export const sharedRegistry: SharedThing = {
  async start() {
    const choice = chooseRegistry(process.env, thisMachine);
    if (choice.kind === 'none') return { answer: { missing: choice.reason }, close: nothing };
    if (choice.kind === 'external') return { answer: { url: choice.url }, close: nothing };
    const registry = choice.kind === 'java' ? await startRegistry() : await registryContainer();
    const answer: SharedRegistry = { url: registry.url };
    return { answer, close: () => registry.close() };
  },
};

/** Loads a large package that the other ways do not need. */
async function registryContainer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { startRegistryContainer } = await import('./containers.ts');
  return startRegistryContainer();
}

async function nothing(): Promise<void> {}

async function start(
  choice: Exclude<BrokerChoice, { kind: 'none' }>,
): Promise<{ readonly brokers: readonly string[]; close(): Promise<void> }> {
  switch (choice.kind) {
    case 'external':
      return { brokers: choice.brokers, close: nothing };
    case 'container': {
      const { startKafkaContainer } = await import('./containers.ts');
      return startKafkaContainer();
    }
    case 'java': {
      const cluster = await startCluster({ heapMb: 1024 });
      return { brokers: cluster.brokers, close: () => cluster.close() };
    }
  }
}
