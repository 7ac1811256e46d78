import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { written } from '../../../runtime/cli/written.ts';

/** A stream whose reader takes a piece when it is told to. */
class Slow extends Writable {
  readonly taken: string[] = [];
  private take: (error?: Error) => void = () => {};

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    this.take = (error) => {
      if (error === undefined) this.taken.push(chunk.toString());
      done(error);
    };
  }

  async next(error?: Error): Promise<void> {
    this.take(error);
    await setImmediate();
  }
}

describe('written', () => {
  test('resolves when a slow reader has taken all', async () => {
    const slow = new Slow();
    slow.write('one');
    slow.write('two');
    let over = false;
    const waiting = written(slow, new Writable({ write: (_, __, done) => done() })).then(() => {
      over = true;
    });
    await slow.next();
    expect([slow.taken, over]).toEqual([['one'], false]);
    await slow.next();
    await slow.next();
    await waiting;
    expect(slow.taken.join('')).toBe('onetwo');
  });

  test('resolves when the reader is gone', async () => {
    const slow = new Slow();
    slow.on('error', () => {});
    slow.write('one');
    const waiting = written(slow);
    await slow.next(new Error('EPIPE'));
    await waiting;
    expect(slow.taken).toEqual([]);
  });
});
