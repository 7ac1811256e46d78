import { setTimeout as sleep } from 'node:timers/promises';
import { startApplication } from '../../../../runtime/app/application.ts';
import type { Application, Ports } from '../../../../runtime/app/application.ts';
import { lineLogger } from '../../../../runtime/logger.ts';
import { withSuicide } from '../../child/suicide.ts';
import { withTransactor } from '../../child/wrap.ts';
import { traceTopic } from '../../evidence.ts';
import { ordersTopology } from '../../open-folder.ts';
import { breakMember } from './break-member.ts';
import { listen, say, textOf } from './speak.ts';
import type { MemberSettings, MemberWord } from './words.ts';

/*
 * A member of the application `orders` on Kafka, as `millrace run` is one, from the settings in its one argument. It runs until it is told to leave, or killed.
 */
const statusMs = 250;
const settings = JSON.parse(process.argv[2] ?? '{}') as MemberSettings;
const leaving = new AbortController();
listen(() => leaving.abort());

try {
  await run();
  tell({ say: 'left' });
} catch (error) {
  tell({ say: 'failed', message: textOf(error) });
  process.exitCode = 1;
}
process.exit();

function tell(word: MemberWord): void {
  say(word);
}

async function run(): Promise<void> {
  process.env['PAYMENTS_URL'] = settings.payments;
  const { sessionTimeoutMs, heartbeatIntervalMs, transactionTimeoutMs, standbyReplicas } =
    settings.group;
  const application = await startApplication({
    topology: ordersTopology,
    data: settings.data,
    kafka: {
      brokers: settings.brokers,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      transactionTimeout: transactionTimeoutMs,
      staticMembership: settings.static,
      standbyReplicas,
    },
    seed: settings.seed,
    options: settings.engine,
    trace: traceTopic,
    logger: lineLogger((message) => tell({ say: 'report', message })),
    wrap: wrapPorts,
  });
  tell({ say: 'ready' });
  try {
    while (!leaving.signal.aborted && application.failure === undefined) {
      await tellStatus(application);
      await Promise.race([
        sleep(statusMs, undefined, { signal: leaving.signal }).catch(() => {}),
        application.stopped,
      ]);
    }
    if (application.failure !== undefined) throw application.failure;
  } finally {
    await application.close();
  }
}

async function tellStatus(application: Application): Promise<void> {
  const rest = await application.caughtUp();
  const tasks = application.tasks.map(({ id }) => id);
  const restoring = application.restoring.length;
  const behind = rest ? [] : await behindOf(application);
  tell({ say: 'status', rest, tasks, restoring, calls: application.openCalls, behind });
}

async function behindOf({ log, quiet, tasks }: Application): Promise<readonly string[]> {
  const queues = tasks.flatMap((task) => [...task.queues]);
  const ends = await log.ends(queues, 'committed');
  const behind = ends.flatMap(({ topic, partition, end }) => {
    const at = queues.find((it) => it.topic === topic && it.partition === partition)?.position;
    return at === undefined || at >= end ? [] : [`${topic}/${partition} ${at}<${end}`];
  });
  return quiet ? behind : ['busy', ...behind];
}

function wrapPorts(ports: Ports): Ports {
  const { breakage, ambush } = settings;
  const broken = breakage === undefined ? ports.log : breakMember(ports.log, breakage);
  const log = withTransactor(broken, (inner) => ({
    async commit(transaction, membership) {
      const result = await inner.commit(transaction, membership);
      const inputs = transaction.positions.map(({ topic, partition }) => `${topic}/${partition}`);
      tell({ say: 'committed', inputs, generation: membership.generation });
      return result;
    },
    close: () => inner.close(),
  }));
  return withSuicide({ ...ports, log }, ambush, () => {});
}
