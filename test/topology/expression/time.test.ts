import { describe, expect, test } from 'vitest';
import { parseCelDuration, parseTimestamp, zoneClock } from '../../../topology/expression/time.ts';
import { bindings, noon, run, types } from './shop-scope.ts';

describe('parseTimestamp', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2017-01-02T12:00:00.5Z', noon + 500],
    ['2017-01-02T14:00:00+02:00', noon],
    ['2017-01-02T12:00:00.0019Z', noon + 1],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ])('reads %s', (text, ms) => {
    expect(parseTimestamp(text)).toBe(ms);
  });

  test.each([
    '2017-01-02',
    '2017-01-02 12:00:00Z',
    '2017-01-02T12:00:00',
    '2023-02-29T00:00:00Z',
    '2017-13-01T00:00:00Z',
    '2017-01-02T25:00:00Z',
    '2017-01-02T12:00:00.Z',
    '0000-12-31T00:00:00Z',
  ])('refuses %s', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});

describe('parseCelDuration', () => {
  test.each([
    ['1h30m', 5_400_000],
    ['-1.5s', -1500],
    ['+250ms', 250],
    ['500us', 0.5],
    ['.5s', 500],
  ])('reads %s', (text, ms) => {
    expect(parseCelDuration(text)).toBe(ms);
  });

  test.each(['', '1', '1d', '1h 30m', 's', '1..5s'])('refuses "%s"', (text) => {
    expect(parseCelDuration(text)).toBeUndefined();
  });
});

describe('zoneClock', () => {
  test.each([
    ['Europe/Berlin', Date.UTC(2017, 6, 1), '2017-07-01T02:00:00.000Z'],
    ['Europe/Berlin', Date.UTC(2017, 0, 1), '2017-01-01T01:00:00.000Z'],
    ['-02:30', Date.UTC(2017, 0, 1), '2016-12-31T21:30:00.000Z'],
    ['05:30', 1, '1970-01-01T05:30:00.001Z'],
    ['UTC', -1, '1969-12-31T23:59:59.999Z'],
    ['Asia/Tokyo', -1, '1970-01-01T08:59:59.999Z'],
  ])('shows %s', (zone, ms, shown) => {
    expect(zoneClock(zone)?.(ms).toISOString()).toBe(shown);
  });

  test('is undefined for no zone', () => {
    expect(zoneClock('Mars')).toBeUndefined();
  });
});

describe('time stamps in expressions', () => {
  test.each([
    ['value.at.getFullYear()', 2017],
    ['value.at.getMonth()', 0],
    ['value.at.getDate()', 2],
    ['value.at.getDayOfMonth()', 1],
    ['value.at.getDayOfWeek()', 1],
    ['value.at.getDayOfYear()', 1],
    ['value.at.getHours()', 12],
    ['value.at.getHours("Europe/Berlin")', 13],
    ['value.at.getMinutes() + value.at.getSeconds() + value.at.getMilliseconds()', 0],
    ['value.atUs.getHours()', 12],
    ['value.at == record.time', true],
    ['value.at < timestamp("2018-01-01T00:00:00Z")', true],
    ['value.at == timestamp(1483358400)', true],
    ['value.at + duration("1h") > value.at', true],
    ['duration("1h") + value.at == value.at - duration("-1h")', true],
    ['(value.at - timestamp(1483358399)).getMilliseconds()', 1000],
    ['value.at - timestamp(0) > duration("400000h")', true],
    ['(duration("90m") + duration("30m")).getHours()', 2],
    ['(duration("90m") - duration("2h")).getMinutes()', -30],
    ['string(duration("1500ms"))', '1.5s'],
  ])('%s', (text, result) => {
    expect(run(text)).toBe(result);
  });

  test('are compared across units without rounding', () => {
    expect(run('value.atUs > value.at')).toBe(true);
    expect(run('value.at == value.atUs')).toBe(false);
    expect(run('value.at == value.atUs', bindings({ atUs: noon * 1000 }))).toBe(true);
    expect(run('value.paidAt == value.atUs')).toBe(false);
    expect(run('(value.atUs - value.at) == duration("7us")')).toBe(true);
    expect(run('value.atUs + duration("1ms")')).toBe(noon * 1000 + 1007);
  });

  test('become microseconds where those are asked for', () => {
    expect(run('value.at', undefined, types.micros)).toBe(noon * 1000);
    expect(run('value.atUs', undefined, types.micros)).toBe(noon * 1000 + 7);
    expect(run('value.at', undefined, types.millis)).toBe(noon);
  });
});
