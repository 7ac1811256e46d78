import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFunctions } from '../../../runtime/app/call-handlers.ts';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { readTopology } from '../../../runtime/app/topology-source.ts';
import type { HttpCallOptions } from '../../../runtime/calls/http/call-options.ts';
import { projects } from '../cli/project.ts';
import { payments } from './payments-project.ts';

const project = projects();

async function open(
  files: Readonly<Record<string, string>>,
  calls: Readonly<Record<string, HttpCallOptions>>,
) {
  const folder = project({ ...payments, ...files });
  const { definition, catalog, processors } = readTopology(join(folder, 'pay.yaml'));
  if (definition === undefined) throw new Error('no definition');
  const sources = { folder: processors, catalog, calls, clock: systemClock };
  const opened = await openFunctions(definition, sources);
  await opened.close();
  return [...opened.functions.keys()];
}

const handler = 'export const bank = async () => ({ state: "PAID" });\n';
const url = 'http://127.0.0.1:1';

describe('openFunctions', () => {
  test('takes the handler of a call from the runner file, or from its file', async () => {
    expect(await open({}, { bank: { url } })).toEqual(['bank']);
    expect(await open({ 'processors/bank.ts': handler }, {})).toEqual(['bank']);
  });

  test('leaves calls of other applications alone', async () => {
    expect(await open({}, { bank: { url }, other: { url } })).toEqual(['bank']);
  });

  test('refuses a call that has both', async () => {
    await expect(open({ 'processors/bank.ts': handler }, { bank: { url } })).rejects.toThrow(
      /^call "bank" has two handlers: .*processors\/bank\.ts, and calls\.bank of the runner file: remove one of them$/,
    );
  });

  test.each([
    [{}, {}, ''],
    [{}, { banks: { url } }, '; did you mean "banks"?'],
    [{ 'processors/bnak.ts': handler }, {}, '; did you mean "bnak"?'],
  ])('refuses a call that has none', async (files, calls, hint) => {
    const message = await open({ 'processors/.keep': '', ...files }, calls).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(message).toMatch(
      /^call "bank" has no handler: there is no bank\.ts in .*processors, and the runner file has no calls\.bank: add one of them/,
    );
    expect(String(message).split('add one of them')[1]).toBe(hint);
  });

  test('refuses a call without a folder of processors', async () => {
    const text = (payments['pay.yaml'] as string).replace('processors: processors\n', '');
    await expect(open({ 'pay.yaml': text }, {})).rejects.toThrow(
      'call "bank" has no handler: the topology file names no folder of processors, and the runner file has no calls.bank',
    );
    expect(await open({ 'pay.yaml': text }, { bank: { url } })).toEqual(['bank']);
  });

  test('takes a look-up beside the handler, and asks for one where the effect needs it', async () => {
    const text = (payments['pay.yaml'] as string).replace(
      'reply: pay.Reply }',
      'reply: pay.Reply, effect: lookup }',
    );
    const lookup = { url: `${url}/{idempotency-key}`, statuses: { 404: 'absent' } } as const;
    expect(await open({ 'pay.yaml': text }, { bank: { url, lookup } })).toEqual([
      'bank',
      'bank-lookup',
    ]);
    await expect(open({ 'pay.yaml': text }, { bank: { url } })).rejects.toThrow(
      'call "bank" says "effect: lookup", but calls.bank of the runner file has no "lookup": add one',
    );
  });

  test('says what is wrong with a call before anything runs', async () => {
    await expect(open({}, { bank: { url: `${url}/{id}` } })).rejects.toThrow(
      'calls.bank.url is "http://127.0.0.1:1/{id}": the request has no field "id"',
    );
  });
});
