import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameCutter } from './frames.ts';

function frameOf(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

describe('FrameCutter', () => {
  test('gives the frames back however the bytes are cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        bodies,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (all, cuts) => {
          const frames = all.map(frameOf);
          const bytes = Buffer.concat(frames);
          const cutter = new FrameCutter();
          const found: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const step = cuts[i % cuts.length] as number;
            found.push(...cutter.push(bytes.subarray(at, at + step)));
            at += step;
          }
          expect(found).toEqual(frames);
        },
      ),
      { seed: 4 },
    );
  });

  test('refuses a size that cannot be', () => {
    expect(() => new FrameCutter().push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(
      'a frame of 1195725856 bytes: not Kafka',
    );
    expect(() => new FrameCutter().push(Buffer.from('ffffffff', 'hex'))).toThrow(
      'a frame of -1 bytes: not Kafka',
    );
  });
});
