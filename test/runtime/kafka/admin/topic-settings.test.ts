import { describe, expect, test } from 'vitest';
import {
  kafkaSettings,
  settingsOf,
  settingsOfNew,
} from '../../../../runtime/kafka/admin/topic-settings.ts';

function config(name: string, value: string, configSource = 1) {
  const rest = { readOnly: false, isSensitive: false, synonyms: [], configType: 2 };
  return { name, value, configSource, documentation: null, ...rest };
}

describe('settingsOf', () => {
  test.each([
    ['delete', '604800000', 1, { cleanup: 'delete', retention: 604_800_000 }],
    ['delete', '604800000', 5, { cleanup: 'delete', retention: 604_800_000 }],
    ['delete', '-1', 1, { cleanup: 'delete', retention: 'forever' }],
    ['compact', '604800000', 5, { cleanup: 'compact', retention: 'forever' }],
    ['compact', '5', 1, { cleanup: 'compact', retention: 5 }],
    ['compact,delete', '5', 1, { cleanup: 'delete', retention: 5 }],
    ['delete,compact', '-1', 1, { cleanup: 'delete', retention: 'forever' }],
    ['', '-1', 1, { cleanup: 'delete', retention: 'forever' }],
  ])('reads policy "%s", retention %s of source %i as %o', (policy, ms, source, settings) => {
    const configs = [config('cleanup.policy', policy), config('retention.ms', ms, source)];
    expect(settingsOf(configs)).toEqual(settings);
  });
});

describe('kafkaSettings', () => {
  test('keeps tombstones of compacted topics for seven days', () => {
    expect(Object.fromEntries(kafkaSettings({ cleanup: 'compact' }))).toEqual({
      'cleanup.policy': 'compact',
      'delete.retention.ms': '604800000',
    });
  });

  test('has only what is given', () => {
    expect(Object.fromEntries(kafkaSettings({ retention: 5 }))).toEqual({ 'retention.ms': '5' });
    expect(kafkaSettings({}).size).toBe(0);
  });
});

describe('settingsOfNew', () => {
  test('lets nothing but retention take records away, and takes their times as they are', () => {
    expect(
      Object.fromEntries(
        settingsOfNew({ name: 'a-control', cleanup: 'delete', retention: 'forever' }),
      ),
    ).toEqual({
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'message.timestamp.type': 'CreateTime',
      'message.timestamp.after.max.ms': '9223372036854775807',
    });
  });

  test.each([
    ['shop-totals-changelog', '52428800'],
    ['prices', '52428800'],
    ['shop-control', '10485760'],
  ])('lets compaction come by topic %s every %s bytes', (name, bytes) => {
    const settings = settingsOfNew({ name, cleanup: 'compact', retention: 'forever' });
    expect(settings.get('segment.bytes')).toBe(bytes);
  });
});
