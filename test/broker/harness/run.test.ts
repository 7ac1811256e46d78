import { describe, expect, test } from 'vitest';
import { run } from './run.ts';

describe('run', () => {
  test('gives input and environment, and what came of it', async () => {
    const script = 'cat; echo $WORD >&2; exit 3';
    const env = { ...process.env, WORD: 'err' };
    expect(await run('sh', ['-c', script], { input: 'in', env })).toEqual({
      code: 3,
      stdout: 'in',
      stderr: 'err\n',
    });
  });

  test('has no code where a signal ended the program', async () => {
    expect(await run('sh', ['-c', 'kill -9 $$'])).toMatchObject({ code: undefined });
  });

  test('does not mind a program that reads no input', async () => {
    const input = 'x'.repeat(1_000_000);
    expect(await run('true', [], { input })).toMatchObject({ code: 0 });
  });

  test('kills what is late, and says what it had written', async () => {
    const late = run('sh', ['-c', 'echo here; exec sleep 60'], { timeoutMs: 200 });
    await expect(late).rejects.toThrow(/^sh -c .* did not end in 200 ms:\nhere\n$/);
  });

  test('says that a program is not there', async () => {
    await expect(run('no-such-program', [])).rejects.toThrow('ENOENT');
  });
});
