import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  checkedGraph,
  readTopology,
  renderTopologyProblems,
} from '../../../runtime/app/topology-source.ts';
import { serviceFiles } from '../../../runtime/orders/service-files.ts';
import { topologyJsonSchema } from '../../../topology/definition/json-schema.ts';
import { describeText } from '../../../topology/plan/describe-text.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { topologyFile } from './service-driver.ts';

const services = ['analytics', 'fraud', 'loyalty', 'notifications', 'warehouse'];

describe.each(['orders', ...services])('topology/orders/%s.yaml', (name) => {
  test('passes check without a warning', () => {
    expect(renderTopologyProblems(readTopology(topologyFile(name)))).toBe('');
  });

  test('fits the JSON Schema', () => {
    const validate = new Ajv({ strict: false }).compile(topologyJsonSchema());
    validate(parse(readFileSync(topologyFile(name), 'utf8')));
    expect(validate.errors).toBeNull();
  });

  test('is an application of the name of its file', () => {
    expect(readTopology(topologyFile(name)).definition?.application).toBe(name);
  });
});

describe('the services', () => {
  test.each(services)('%s is planned as its golden file says', async (name) => {
    const text = describeText(plan(checkedGraph(readTopology(topologyFile(name)))));
    await expect(text).toMatchFileSnapshot(`../../golden/orders/${name}.txt`);
  });

  test('are the files beside orders.yaml', () => {
    expect(serviceFiles()).toEqual(services.map(topologyFile));
    expect(readdirSync(new URL('../../../topology/orders', import.meta.url))).toHaveLength(6);
  });

  test('write to topics that no other application writes to', () => {
    const writers = new Map<string, string>();
    for (const name of ['orders', ...services]) {
      const { subTopologies, topics } = plan(checkedGraph(readTopology(topologyFile(name))));
      const sinks = subTopologies
        .flatMap(({ nodes }) => nodes)
        .flatMap((node) => (node.kind === 'sink' && node.topic !== undefined ? [node.topic] : []));
      for (const topic of sinks) {
        if (topics.get(topic)?.internal === true) continue;
        expect([topic, writers.get(topic) ?? name]).toEqual([topic, name]);
        writers.set(topic, name);
      }
    }
    expect(writers.size).toBeGreaterThan(8);
  });
});
