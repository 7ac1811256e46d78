import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../../runtime/app/system-clock.ts';
import { TopicRegistry } from '../../../../runtime/app/topic-registry.ts';
import { seededRandom } from '../../../../topology/core/random.ts';
import { openKafkaLog } from '../../../../runtime/kafka/kafka-log.ts';
import { openBaskets } from '../../../../runtime/orders/input-schemas.ts';
import { loadBaskets } from '../../../../runtime/orders/loader.ts';
import { openShopSerdes, shopTopics } from '../../../../runtime/orders/shop-serdes.ts';
import type { Log, TopicSpec } from '../../../../runtime/ports.ts';
import { withTransactor } from '../../child/wrap.ts';
import { ordersPlan } from '../../open-folder.ts';
import { listen, say, textOf } from './speak.ts';
import type { LoaderSettings, LoaderWord } from './words.ts';

/*
 * The producer of a campaign: the order system's loader, at a measured pace, each block of baskets with its place in one transaction, so that it may be killed, too.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as LoaderSettings;
listen(() => {});

try {
  await run();
  tell({ say: 'done' });
} catch (error) {
  tell({ say: 'failed', message: textOf(error) });
  process.exitCode = 1;
}
process.exit();

function tell(word: LoaderWord): void {
  say(word);
}

async function run(): Promise<void> {
  const { brokers, seed, shortShare } = settings;
  const log = await openKafkaLog({
    kafka: { brokers },
    application: 'orders',
    clock: systemClock,
    random: seededRandom(seed),
  });
  const baskets = await openBaskets(settings.baskets);
  await loadBaskets({
    log: paced(log),
    serdes: await openShopSerdes(new TopicRegistry(log, 'schemas-loader')),
    baskets,
    topics: { placed: topicSpec(shopTopics.placed), deliveries: topicSpec(shopTopics.deliveries) },
    seed,
    shortShare,
    signal: new AbortController().signal,
    progress: ({ baskets }) => tell({ say: 'loaded', baskets }),
  });
  await baskets.close();
  await log.close();
}

function paced(log: Log): Log {
  return withTransactor(log, (inner) => ({
    async commit(transaction, membership) {
      await sleep(settings.paceMs);
      return inner.commit(transaction, membership);
    },
    close: () => inner.close(),
  }));
}

function topicSpec(name: string): TopicSpec {
  const topic = ordersPlan().topics.get(name);
  if (topic === undefined) throw new Error(`no topic ${name} in the plan`);
  const { partitions = 1, cleanup, retention } = topic;
  return { name, partitions, cleanup, retention };
}
