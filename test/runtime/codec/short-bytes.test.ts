import { describe, expect, test } from 'vitest';
import {
  copyBytes,
  copyOut,
  copyWhole,
  utf8Length,
  writeUtf8,
} from '../../../runtime/codec/short-bytes.ts';

const source = Buffer.from(Array.from({ length: 200 }, (_, i) => i));

describe.each([0, 1, 16, 17, 48, 49, 150])('of %d bytes', (length) => {
  test('copyBytes copies them and nothing else', () => {
    const target = Buffer.alloc(200, 0xff);
    expect(copyBytes(source, 7, 7 + length, target, 11)).toBe(11 + length);
    const expected = Buffer.alloc(200, 0xff);
    source.copy(expected, 11, 7, 7 + length);
    expect(target.equals(expected)).toBe(true);
  });

  test('copyBytes and copyWhole copy all of a source', () => {
    const whole = source.subarray(7, 7 + length);
    const expected = Buffer.alloc(200, 0xff);
    whole.copy(expected, 11);
    const copies = [Buffer.alloc(200, 0xff), Buffer.alloc(200, 0xff)] as const;
    expect(copyBytes(whole, 0, length, copies[0], 11)).toBe(11 + length);
    expect(copyWhole(new Uint8Array(whole), copies[1], 11)).toBe(11 + length);
    expect(copies.map((it) => it.equals(expected))).toEqual([true, true]);
  });

  test('copyOut gives them in other memory', () => {
    const own = Buffer.from(source);
    const copy = copyOut(own, 7, 7 + length);
    own.fill(0);
    expect(copy.equals(source.subarray(7, 7 + length))).toBe(true);
  });
});

describe('utf8Length and writeUtf8', () => {
  test.each([
    '',
    'trace-id',
    '\u007f',
    '\u0080',
    'äöü',
    '漢字',
    '🙂',
    'lone \ud800 surrogate',
    'x'.repeat(48),
    'x'.repeat(49),
    `${'x'.repeat(47)}é`,
    `${'x'.repeat(60)}é`,
  ])('write %j as Buffer does', (text) => {
    const bytes = Buffer.from(text);
    expect(utf8Length(text)).toBe(bytes.length);
    const target = Buffer.alloc(100);
    expect(writeUtf8(target, 3, text, bytes.length)).toBe(3 + bytes.length);
    expect(target.subarray(3, 3 + bytes.length).equals(bytes)).toBe(true);
  });
});
