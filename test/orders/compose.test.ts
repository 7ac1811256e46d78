import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseProviderArguments } from '../../processors/orders/provider/options.ts';
import { parseStartOptions } from '../../runtime/orders/start-options.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
}

const compose = parse(read('compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const { services } = compose;

function argumentsOf(name: string): readonly string[] {
  const [node, script = '', ...args] = services[name]?.command ?? [];
  expect(node).toBe('node');
  expect(existsSync(new URL(script, root))).toBe(true);
  return args;
}

describe('compose.yaml', () => {
  test('has the broker, a registry, and the services of the order system', () => {
    expect(Object.keys(services)).toEqual(['kafka', 'registry', 'provider', 'member', 'load']);
    for (const { image, build } of Object.values(services)) {
      // An image says which version; what is built is the repository.
      expect(build ?? image).toMatch(/^\.$|:\d/);
    }
  });

  test('names only services and volumes that are there', () => {
    for (const { depends_on = {}, volumes = [] } of Object.values(services)) {
      for (const name of Object.keys(depends_on)) expect(services).toHaveProperty(name);
      for (const volume of volumes) {
        expect(compose.volumes).toHaveProperty(volume.split(':')[0] as string);
      }
    }
  });

  test('starts the provider where the others look for it', () => {
    const { host, port } = parseProviderArguments(argumentsOf('provider'));
    expect(host).toBe('0.0.0.0');
    for (const name of ['member', 'load']) {
      expect(services[name]?.environment).toEqual({ PAYMENTS_URL: `http://provider:${port}` });
    }
  });

  test('loads, and works, on the broker that it has', () => {
    const { place, payments } = parseStartOptions(argumentsOf('load'));
    expect(place).toEqual({ log: 'kafka', brokers: ['kafka:9092'], data: '/data' });
    expect(payments).toBe(services['load']?.environment?.['PAYMENTS_URL']);
    const [command, file = '', ...options] = argumentsOf('member');
    expect(command).toBe('run');
    expect(existsSync(new URL(file, root))).toBe(true);
    expect(options.join(' ')).toContain('--log kafka --brokers kafka:9092');
    expect(services['kafka']?.environment?.['KAFKA_ADVERTISED_LISTENERS']).toContain(
      'INSIDE://kafka:9092',
    );
  });
});

describe('Dockerfile', () => {
  test('copies what is there, and what .dockerignore lets through', () => {
    const ignored = read('.dockerignore').split('\n');
    const copied = [...read('Dockerfile').matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, paths]) =>
      (paths as string).split(' '),
    );
    expect(copied).toContain('runtime');
    for (const path of copied) {
      expect(existsSync(new URL(path, root))).toBe(true);
      expect(ignored).toContain(`!${path}`);
    }
  });
});
