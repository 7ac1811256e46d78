import { describe, expect, test } from 'vitest';
import { lineText, RecordView } from '../../../runtime/cli/record-view.ts';
import type { SchemaRegistry } from '../../../runtime/ports.ts';

const schema = JSON.stringify({
  type: 'record',
  name: 'shop.Price',
  fields: [
    { name: 'id', type: 'long' },
    {
      name: 'price',
      type: { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 },
    },
  ],
});

describe('RecordView', () => {
  test('shows longs with all their digits and decimals as text', async () => {
    const registry = {
      schema: (id: number) => Promise.resolve(id === 3 ? schema : undefined),
    } as unknown as SchemaRegistry;
    const view = new RecordView({ registry, key: 'auto', value: 'auto', repartition: false });
    // 2^63 - 1 and 12.50
    const value = Buffer.from('0000000003feffffffffffffffff010404e2', 'hex');
    const record = { partition: 0, offset: 1, timestamp: 2, key: null, value, headers: [] };
    expect(lineText(await view.show(record as never))).toBe(
      '{"partition":0,"offset":1,"timestamp":2,"key":null,' +
        '"value":{"id":9223372036854775807,"price":"12.50"},"headers":{}}\n',
    );
  });
});
