import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A cluster must be empty in this time, ms. */
const patienceMs = 180_000;
const pollMs = 500;

/**
 * Resolves when every partition has all its replicas in sync.
 * @throws {Error} with what is lacking, when that takes too long
 */
export function wholeAgain(brokers: readonly string[], forMs: number): Promise<void> {
  return until(brokers, forMs, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    for (const { name, partitions } of topics) {
      const short = partitions.find(({ isr, replicas }) => isr.length < replicas.length);
      if (short !== undefined) return `${name}-${short.partitionId} has ${short.isr.join(', ')}`;
    }
    return undefined;
  });
}

/**
 * Deletes all topics but the brokers' own, and with them what groups have committed.
 * @throws {Error} when that takes too long
 */
export function emptyCluster(brokers: readonly string[]): Promise<void> {
  return until(brokers, patienceMs, async (admin) => {
    const topics = (await admin.listTopics()).filter((it) => !it.startsWith('__'));
    if (topics.length === 0) return undefined;
    await admin.deleteTopics({ topics });
    return `${topics.length} topics are there`;
  });
}

/** Tries until nothing is lacking any more. */
async function until(
  brokers: readonly string[],
  forMs: number,
  look: (admin: Admin) => Promise<string | undefined>,
): Promise<void> {
  const deadline = Date.now() + forMs;
  for (;;) {
    const lacking = await lookOnce(brokers, look);
    if (lacking === undefined) return;
    if (Date.now() > deadline) throw new Error(`the cluster is not as it should be: ${lacking}`);
    await sleep(pollMs);
  }
}

async function lookOnce(
  brokers: readonly string[],
  look: (admin: Admin) => Promise<string | undefined>,
): Promise<string | undefined> {
  const retry = { retries: 0 };
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await look(admin);
  } catch (error) {
    return (error as Error).message;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
