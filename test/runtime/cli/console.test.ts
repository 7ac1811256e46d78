import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Console, type Output } from '../../../runtime/cli/console.ts';

/** A console whose standard error is, or is not, a terminal of 30 columns. */
function consoleOn(isTTY: boolean): { console: Console; err: () => string; input: PassThrough } {
  const err: Output = Object.assign(new PassThrough(), { isTTY, columns: 30 });
  const input = Object.assign(new PassThrough(), { isTTY });
  let text = '';
  err.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { console: new Console({ out: new PassThrough(), err, input }), err: () => text, input };
}

const clear = '\r\u001B[2K';

describe('Console', () => {
  test('shows a status line on a terminal, cut to its width, and takes it away for notes', () => {
    const { console, err } = consoleOn(true);
    console.status('1,000 records, and more than the line can hold');
    console.note('look\n');
    console.status('');
    expect(err()).toBe(
      `${clear}1,000 records, and more than ${clear}look\n${clear}1,000 records, and more than ${clear}`,
    );
  });

  test('shows no status line where nobody watches', () => {
    const { console, err } = consoleOn(false);
    console.status('1,000 records');
    console.note('look\n');
    expect(err()).toBe('look\n');
  });

  test.each([
    ['y\n', true],
    ['Yes\n', true],
    ['\n', false],
    ['no\n', false],
  ])('takes %j as the answer to a question', async (answer, expected) => {
    const { console, err, input } = consoleOn(true);
    const confirmed = console.confirm('Go on?');
    input.write(answer);
    expect(await confirmed).toBe(expected);
    expect(err()).toContain('Go on? [y/N] ');
  });

  test('asks nothing where there is no terminal', async () => {
    const { console, err } = consoleOn(false);
    expect(await console.confirm('Go on?')).toBeUndefined();
    expect(err()).toBe('');
  });

  test('waits for a slow reader', async () => {
    const out = new PassThrough({ highWaterMark: 4 });
    const console = new Console({ out, err: new PassThrough(), input: new PassThrough() });
    let written = false;
    const writing = console.write('more than four bytes').then(() => (written = true));
    await Promise.resolve();
    expect(written).toBe(false);
    out.resume();
    await writing;
    expect(written).toBe(true);
  });
});
