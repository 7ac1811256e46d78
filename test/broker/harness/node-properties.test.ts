import { describe, expect, test } from 'vitest';
import type { ClusterOptions, NodePorts } from './cluster-options.ts';
import { formatArguments } from './format.ts';
import { nodeProperties, type NodeProperties } from './node-properties.ts';

const ports: NodePorts = {
  internal: 1,
  controller: 2,
  listeners: { plain: 3, 'sasl-tls': 4 },
  advertised: { plain: 13, 'sasl-tls': 14 },
};
const node: NodeProperties = { id: 1, role: 'both', ports, data: '/data', voters: ['1@h:2'] };

function properties(parts: Partial<NodeProperties>, options: ClusterOptions): Map<string, string> {
  const lines = nodeProperties({ ...node, ...parts }, options)
    .trimEnd()
    .split('\n');
  return new Map(
    lines.map((line) => {
      const [key = '', ...rest] = line.split('=');
      return [key, rest.join('=')];
    }),
  );
}

describe('nodeProperties', () => {
  test('listens on its own ports and tells clients of the proxies', () => {
    const all = properties({}, { listeners: ['plain', 'sasl-tls'] });
    expect(all.get('listeners')).toBe(
      'INTERNAL://127.0.0.1:1,PLAIN://127.0.0.1:3,SASL_TLS://127.0.0.1:4,CONTROLLER://127.0.0.1:2',
    );
    expect(all.get('advertised.listeners')).toBe(
      'INTERNAL://127.0.0.1:1,PLAIN://127.0.0.1:13,SASL_TLS://127.0.0.1:14',
    );
    expect(all.get('listener.security.protocol.map')).toBe(
      'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAIN:PLAINTEXT,SASL_TLS:SASL_SSL',
    );
  });

  test('gives a controller alone no client listener', () => {
    const all = properties({ role: 'controller' }, {});
    expect(all.get('listeners')).toBe('CONTROLLER://127.0.0.1:2');
    expect(all.has('advertised.listeners')).toBe(false);
    expect(all.get('process.roles')).toBe('controller');
  });

  test.each([
    [1, '1', '1'],
    [2, '2', '1'],
    [3, '3', '2'],
    [4, '3', '2'],
  ])('of %i brokers %s keep a record, of which %s must', (brokers, replicas, inSync) => {
    const all = properties({}, { brokers });
    expect(all.get('default.replication.factor')).toBe(replicas);
    expect(all.get('transaction.state.log.replication.factor')).toBe(replicas);
    expect(all.get('min.insync.replicas')).toBe(inSync);
  });

  test('puts settings on top', () => {
    const settings = { 'num.partitions': 7, 'transaction.max.timeout.ms': 5000 };
    const all = properties({}, { settings });
    expect(all.get('num.partitions')).toBe('7');
    expect(all.get('transaction.max.timeout.ms')).toBe('5000');
  });

  test('checks rights only where that is asked', () => {
    expect(properties({}, { acls: true }).get('super.users')).toBe('User:ANONYMOUS');
    expect(properties({}, {}).has('authorizer.class.name')).toBe(false);
  });
});

describe('formatArguments', () => {
  test('are none by default', () => {
    expect(formatArguments({ listeners: ['plain', 'tls'] })).toEqual([]);
  });

  test('carry features, and the users of a SASL listener', () => {
    const args = formatArguments({ listeners: ['sasl'], features: { 'transaction.version': 1 } });
    expect(args.slice(0, 4)).toEqual([
      '--feature',
      'transaction.version=1',
      '--add-scram',
      'SCRAM-SHA-256=[name=alice,password=alice-secret]',
    ]);
    expect(args.filter((arg) => arg === '--add-scram')).toHaveLength(4);
  });
});
