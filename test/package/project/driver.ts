import { readFileSync } from 'node:fs';
import { TopologyDriver } from 'millrace/testing';
import { parseTopology } from 'millrace/topology';
import { shout } from './processors/shout.ts';

const { definition } = parseTopology(readFileSync('words.yaml', 'utf8'), 'words.yaml');
if (definition === undefined) throw new Error('words.yaml is no topology');
const driver = await TopologyDriver.start({
  definition,
  schemas: ['word', 'shout'].map((name) => ({
    file: `${name}.avsc`,
    text: readFileSync(`schemas/${name}.avsc`, 'utf8'),
  })),
  functions: { shout, 'is-loud': () => true },
});
await driver.pipe('words', { key: 'a', value: { text: 'hello' } });
const [record] = await driver.read('shouted');
process.stdout.write(`${(record?.value as { text: string }).text}\n`);
await driver.close();
