import { describe, expect, test } from 'vitest';
import { fromAvro } from '../../../topology/expression/types.ts';

describe('longs in expressions', () => {
  test.each(['bigint', 'timestamp-nanos', 'local-timestamp-nanos'])(
    'of logical type %s are bigints, which can only be passed on',
    (logical) => {
      const avro = { kind: 'long', logical } as const;
      expect(fromAvro(avro)).toEqual({ kind: 'opaque', avro });
    },
  );

  test.each([undefined, 'local-timestamp-millis', 'time-micros', 'something-else'])(
    'of logical type %s are integers',
    (logical) => {
      const avro =
        logical === undefined ? ({ kind: 'long' } as const) : ({ kind: 'long', logical } as const);
      expect(fromAvro(avro)).toEqual({ kind: 'int', width: 'long', avro });
    },
  );
});
