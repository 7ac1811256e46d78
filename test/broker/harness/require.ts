import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import { brokerRequired, chooseCluster, chooseJava } from './choose-broker.ts';
import { type Cluster, startCluster } from './cluster.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { thisMachine } from './machine.ts';
import { askShared, takeLease } from './shared-service.ts';
import type { SharedBroker, SharedRegistry } from './shared-things.ts';

/** How long a file may wait for its turn and for its brokers to start, ms. */
const patienceMs = 600_000;

/** The broker that all test files of a run share. Use names of your own: {@link uniqueName}. */
export interface SharedKafka {
  /** `host:port` of each broker, in the clear. */
  readonly brokers: readonly string[];
}

/**
 * Lets the tests of this file (or `describe`) run against the shared broker, or be skipped with the
 * reason where there is none. Call it at the top of the file, and the result inside tests and
 * hooks. With `MILLRACE_REQUIRE_BROKER=1` a missing broker fails them.
 *
 * **Example** `const kafka = requireKafka(); test('…', () => connect(kafka().brokers));`
 */
export function requireKafka(): () => SharedKafka {
  return required(async () => {
    const shared = (await askShared(inject('sharedService'), 'kafka')) as SharedBroker;
    return 'missing' in shared ? shared : { value: { brokers: shared.brokers } };
  });
}

/**
 * Like {@link requireKafka}, with a cluster of this file's own, which it may break. One file at a
 * time has one: they wait for each other.
 */
export function requireCluster(options: ClusterOptions = {}): () => Cluster {
  return required(async () => {
    const choice = chooseCluster(process.env, thisMachine);
    if (choice.kind === 'none') return { missing: choice.reason };
    const release = await takeLease(inject('sharedService'));
    try {
      const cluster = await startCluster(options);
      return { value: cluster, close: () => cluster.close().finally(release) };
    } catch (error) {
      release();
      throw error;
    }
  });
}

/**
 * Like {@link requireKafka}, with the schema registry that all test files of a run share: the URL
 * of its Confluent-compatible API. Use subjects of your own: {@link uniqueName}.
 */
export function requireRegistry(): () => { readonly url: string } {
  return required(async () => {
    const shared = (await askShared(inject('sharedService'), 'registry')) as SharedRegistry;
    return 'missing' in shared ? shared : { value: { url: shared.url } };
  });
}

/** Skips the tests of this file (or `describe`) where Kafka's Java tools cannot run. */
export function requireJava(): void {
  required(async () => {
    const choice = chooseJava(thisMachine);
    return choice.kind === 'none' ? { missing: choice.reason } : { value: undefined };
  });
}

/** A name that no other test uses, in this run or another: for topics, groups, transactions. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

type Got<T> = { readonly missing: string } | { readonly value: T; close?(): Promise<void> };

function required<T>(get: () => Promise<Got<T>>): () => T {
  let got: Got<T> | undefined;
  beforeAll(async () => {
    got = await get();
    if ('missing' in got && brokerRequired(process.env)) {
      throw new Error(`${got.missing}; MILLRACE_REQUIRE_BROKER wants the test to run`);
    }
  }, patienceMs);
  beforeEach(({ skip }) => {
    if (got !== undefined && 'missing' in got) skip(got.missing);
  });
  afterAll(async () => {
    if (got !== undefined && 'value' in got) await got.close?.();
  }, patienceMs);
  return () => {
    if (got === undefined || 'missing' in got) {
      throw new Error('what the file requires is there inside its tests and hooks only');
    }
    return got.value;
  };
}
