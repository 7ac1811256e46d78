import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pointsOf } from '../../../processors/orders/award.ts';
import type { Ports } from '../../../runtime/app/application.ts';
import { readPaidOrders } from '../../../runtime/orders/services/paid-orders.ts';
import { reportServices } from '../../../runtime/orders/services/reports.ts';
import type { Log } from '../../../runtime/ports.ts';
import { StorageError } from '../../../topology/core/errors.ts';
import { sample, writeBaskets } from '../../chaos/baskets.ts';
import { copyProject, loyaltyFiles } from './project.ts';
import type { Project } from './project.ts';
import { OrderSystem } from './system.ts';

const timeoutMs = 120_000;
const services = ['notifications', 'warehouse', 'analytics', 'fraud', 'loyalty'] as const;
type Service = (typeof services)[number];
type Topics = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** What each application writes; of a table the last row of a key counts. */
const topics: Readonly<Record<'orders' | Service, readonly string[]>> = {
  orders: ['orders.placed', 'orders.status', 'orders.paid', 'warehouse.deliveries'],
  notifications: ['notifications.mails'],
  warehouse: ['warehouse.pick-lists', 'orders.picked'],
  analytics: ['analytics.by-department', 'analytics.by-store'],
  fraud: ['fraud.alerts'],
  loyalty: ['loyalty.changes', 'loyalty.balances'],
};
const sums = ['analytics.by-department', 'analytics.by-store', 'loyalty.balances'];

/** The processor of each service, so that it fails at every record. */
const poison: Readonly<Record<Service, string>> = {
  notifications: 'letters',
  warehouse: 'pick',
  analytics: 'sales',
  fraud: 'watch',
  loyalty: 'award',
};

let folder: string;
/** Two files of baskets, and one of both together. */
let first: string;
let second: string;
let all: string;
let whole: Topics;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'services-alone-'));
  first = join(folder, 'first.avro');
  second = join(folder, 'second.avro');
  all = join(folder, 'all.avro');
  const baskets = await sample(80);
  await writeBaskets(first, baskets.slice(0, 40));
  await writeBaskets(second, baskets.slice(40));
  await writeBaskets(all, baskets);
  whole = await withProject(await copyProject(), async (project) => {
    const system = await OrderSystem.start(project.topology('orders'), all);
    try {
      await system.run(services.map((name) => ({ topology: project.topology(name) })));
      await system.load(first);
      await system.load(second);
      await system.rest(services);
      return await written(system, ['orders', ...services]);
    } finally {
      await system.close();
    }
  });
  const empty = [...whole].filter(([, records]) => records.size === 0).map(([topic]) => topic);
  expect(empty.filter((topic) => topic !== 'fraud.alerts')).toEqual([]);
}, timeoutMs);
afterAll(() => rm(folder, { recursive: true }));

async function withProject<T>(project: Project, use: (project: Project) => Promise<T>): Promise<T> {
  try {
    return await use(project);
  } finally {
    await project.remove();
  }
}

/** What some applications have written: topic → key → records. */
async function written(
  system: OrderSystem,
  names: readonly ('orders' | Service)[],
): Promise<Topics> {
  const found = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const topic of names.flatMap((name) => topics[name])) {
    const records = await system.records(topic);
    const last = (texts: readonly string[]): readonly string[] => [
      (texts.at(-1) ?? '').replace(/ at .*/, ''),
    ];
    // Which of a customer's orders goes over the limit depends on their order, that one does, does not.
    const count = (texts: readonly string[]): readonly string[] => [String(texts.length)];
    const view = sums.includes(topic)
      ? last
      : topic === 'fraud.alerts'
        ? count
        : topic === 'loyalty.changes'
          ? (texts: readonly string[]) => texts.toSorted()
          : undefined;
    const rows = [...records].map(([key, texts]) => [key, view?.(texts) ?? texts] as const);
    found.set(topic, new Map(rows));
  }
  return found;
}

/** Topics and keys whose records differ from those of the whole, undisturbed system. */
function differences(found: Topics): readonly string[] {
  const differing: string[] = [];
  for (const [topic, records] of found) {
    const expected = whole.get(topic) ?? new Map<string, readonly string[]>();
    for (const key of new Set([...expected.keys(), ...records.keys()])) {
      const same = String(records.get(key)) === String(expected.get(key));
      if (!same) differing.push(`${topic} ${key}`);
    }
  }
  return differing;
}

const disturbances = ['healthy', 'stopped', 'broken', 'slow', 'poisoned'] as const;

function wrapOf(disturbance: (typeof disturbances)[number]): ((ports: Ports) => Ports) | undefined {
  if (disturbance === 'broken') {
    const error = new StorageError('TEST', 'the disk is gone');
    return withFetch(() => Promise.reject(error));
  }
  if (disturbance === 'slow') return withFetch(() => sleep(300, undefined, { ref: false }));
  return undefined;
}

/** Lets something come before each fetch. */
function withFetch(before: () => Promise<unknown>): (ports: Ports) => Ports {
  return ({ log, ...ports }) => {
    const fetch: Log['fetch'] = async (...args) => {
      await before();
      return log.fetch(...args);
    };
    const wrapped = new Proxy(log, {
      get(target, name) {
        if (name === 'fetch') return fetch;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    return { ...ports, log: wrapped };
  };
}

describe('the services', () => {
  test.each(services.map((name, turn) => [name, turn] as const))(
    'do not change what orders and %s do when all others are stopped, broken, slow and poisoned',
    async (healthy, turn) => {
      const states = services.map((name, i) => {
        const state = disturbances[(i - turn + services.length) % services.length] ?? 'healthy';
        return { name, state };
      });
      const poisoned = states.filter(({ state }) => state === 'poisoned');
      const throwing = poisoned.map(({ name }) => {
        const text = `export function ${poison[name]}() { throw new Error('poison'); }\n`;
        return [`processors/orders/${poison[name]}.ts`, text] as const;
      });
      await withProject(await copyProject([], Object.fromEntries(throwing)), async (project) => {
        const system = await OrderSystem.start(project.topology('orders'), all);
        try {
          const runner = await system.run(
            states.map(({ name, state }) => {
              const wrap = wrapOf(state);
              return { topology: project.topology(name), ...(wrap === undefined ? {} : { wrap }) };
            }),
          );
          await system.load(first);
          for (const { name, state } of states) {
            if (state !== 'stopped') continue;
            await runner.supervisors.find((it) => it.name === name)?.close();
          }
          await system.load(second);
          await system.rest([healthy]);
          expect(differences(await written(system, ['orders', healthy]))).toEqual([]);
          for (const { name } of poisoned) {
            const dead = async (): Promise<number> =>
              (await system.records(`${name}.dead-letters`)).size;
            await expect.poll(dead, { timeout: 20_000 }).toBeGreaterThan(0);
          }
          const failed = runner.supervisors.filter((it) => it.lastFailure !== undefined);
          expect(failed.map(({ name }) => name)).toEqual(
            states.filter(({ state }) => state === 'broken').map(({ name }) => name),
          );
        } finally {
          await system.close();
        }
      });
    },
    timeoutMs,
  );
});

describe('orders', () => {
  test(
    'does not change what the services do when it is slow, stands still, and meets what is no order',
    async () => {
      await withProject(await copyProject(), async (project) => {
        const orders = project.topology('orders');
        const system = await OrderSystem.start(orders, all, wrapOf('slow'));
        try {
          const runner = await system.run(
            services.map((name) => ({ topology: project.topology(name) })),
          );
          await system.load(first);
          await system.without(async () => {
            const caughtUp = async (): Promise<boolean> => {
              for (const name of services) {
                if ((await runner.application(name)?.caughtUp()) !== true) return false;
              }
              return true;
            };
            await expect.poll(caughtUp, { timeout: 20_000 }).toBe(true);
          });
          await system.place('no order', Buffer.from('garbage'));
          await system.load(second);
          await system.rest(services);
          expect(differences(await written(system, ['orders', ...services]))).toEqual([
            'orders.placed no order',
          ]);
          expect((await system.records('orders.dead-letters')).size).toBe(1);
          expect(runner.supervisors.filter((it) => it.lastFailure !== undefined)).toEqual([]);
        } finally {
          await system.close();
        }
      });
    },
    timeoutMs,
  );
});

describe('loyalty', () => {
  test(
    'is added to a running system by its files, finds past and new orders, and changes nothing else',
    async () => {
      await withProject(await copyProject(loyaltyFiles), async (project) => {
        const others = services.filter((name) => name !== 'loyalty');
        const system = await OrderSystem.start(project.topology('orders'), all);
        const topicNames = async (): Promise<string[]> => {
          const infos = await system.application.log.admin.list();
          return infos.map(({ name }) => name).sort();
        };
        try {
          await system.run(others.map((name) => ({ topology: project.topology(name) })));
          await system.load(first);
          await system.rest(others);
          const before = await topicNames();
          expect(before.filter((name) => name.startsWith('loyalty'))).toEqual([]);

          await project.add(...loyaltyFiles);
          await system.run([{ topology: project.topology('loyalty') }]);
          await system.load(second);
          await system.rest(services);

          const { application, serdes } = system;
          const paid = await readPaidOrders(application.log, serdes);
          const due = [...paid.values()].reduce((sum, { cents }) => sum + pointsOf(cents), 0);
          const sources = { log: application.log, serdes, paid, mailBook: undefined };
          const [report] = await reportServices(['loyalty'], sources);
          expect(report).toMatchObject({ holds: true, figures: { points: due, wrong: 0 } });
          expect(due).toBeGreaterThan(100);
          expect(differences(await written(system, ['orders', ...services]))).toEqual([]);
          const after = (await topicNames()).filter((name) => !name.startsWith('loyalty'));
          expect(after).toEqual(before);
        } finally {
          await system.close();
        }
      });
    },
    timeoutMs,
  );
});
