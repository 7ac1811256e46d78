import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileMailBehaviour } from '../../../processors/orders/mail-server/mail-behaviour.ts';
import { MailBook, readMailBook } from '../../../processors/orders/mail-server/mail-book.ts';
import { parseMailServerArguments } from '../../../processors/orders/mail-server/mail-server-options.ts';
import { startMailServer } from '../../../runtime/orders/mail-server-process.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mail-server-'));
  file = join(folder, 'mails.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const mail = { messageId: '<1@shop.example>', to: 'a@shop.example', subject: 's', bytes: 9 };
const script = resolve(import.meta.dirname, '../../../processors/orders/mail-server/main.ts');

describe('MailBook', () => {
  test('keeps letters across openings, in order, twice what came twice', async () => {
    for (const subject of ['one', 'two', 'two']) {
      const book = await MailBook.open(file);
      await book.append({ ...mail, subject });
      await book.close();
    }
    expect((await readMailBook(file)).map(({ subject }) => subject)).toEqual(['one', 'two', 'two']);
  });

  test('cuts off what a crash left of a line', async () => {
    await writeFile(file, `${JSON.stringify(mail)}\n{"messageId":`);
    expect(await readMailBook(file)).toEqual([mail]);
    const book = await MailBook.open(file);
    await book.append(mail);
    await book.close();
    expect(await readMailBook(file)).toEqual([mail, mail]);
  });

  test('is empty where there is no file', async () => {
    expect(await readMailBook(file)).toEqual([]);
  });
});

describe('compileMailBehaviour', () => {
  const settings = { seed: 3, latencyMs: 5, refuseRate: 0.1, deferRate: 0.2, cutRate: 0.3 };

  test('gives equal fates for equal settings', () => {
    const [one, other] = [compileMailBehaviour(settings), compileMailBehaviour(settings)];
    for (let i = 0; i < 50; i++) expect(one()).toEqual(other());
  });

  test('shares out the fates as told', () => {
    const next = compileMailBehaviour(settings);
    const counts = { taken: 0, cut: 0, refused: 0, deferred: 0 };
    for (let i = 0; i < 10_000; i++) counts[next().answer] += 1;
    expect(counts.refused / 10_000).toBeCloseTo(0.1, 1);
    expect(counts.deferred / 10_000).toBeCloseTo(0.2, 1);
    expect(counts.cut / 10_000).toBeCloseTo(0.3, 1);
  });
});

describe('the mail server', () => {
  test('listens where its URL says, and ends when it is stopped', async () => {
    const server = await startMailServer(file);
    expect(server.url).toMatch(/^smtp:\/\/127\.0\.0\.1:\d+$/);
    await server.stop();
    await expect(readFile(file, 'utf8')).resolves.toBe('');
  }, 30_000);

  test('ends when its standard input does, if it is on the leash', async () => {
    const child = spawn(process.execPath, [script, '--book', file, '--leash'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((done) => child.stdout.once('data', done));
    child.stdin.end();
    expect(await new Promise((done) => child.once('close', done))).toBe(0);
  }, 30_000);

  test('ends with code 3 when the book cannot be used', async () => {
    const child = spawn(process.execPath, [script, '--book', join(folder, 'no', 'book')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    expect(await new Promise((done) => child.once('close', done))).toBe(3);
    expect(words).toMatch(/^mail-server: book ".*" cannot be used: ENOENT/);
  }, 30_000);

  test('takes its options from the command line', () => {
    expect(
      parseMailServerArguments([
        '--book',
        'b',
        '--port',
        '2525',
        '--latency',
        '5ms',
        '--cut-rate',
        '0.5',
      ]),
    ).toEqual({
      book: 'b',
      port: 2525,
      host: '127.0.0.1',
      leash: false,
      seed: 1,
      latencyMs: 5,
      refuseRate: 0,
      deferRate: 0,
      cutRate: 0.5,
    });
  });
});
