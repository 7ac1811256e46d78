/**
 * Speed of the Avro serde beside bare avsc, in one process and in turns: the orders of the sample
 * of real baskets that ships with the order system. Bare avsc is a type of the schema alone, decoding
 * from and encoding into one large buffer; ours does the same, and the wire format, exact longs and
 * plain objects. `toBuffer` is what a program without a shared buffer pays. Resolved: written by a
 * schema with one field more.
 *
 *     node bench/serde.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';
import { ContainerFile } from '../runtime/orders/container-file.ts';
import { orderOf } from '../runtime/orders/loader.ts';
import { avroSerde, loadCatalog } from '../schemas/index.ts';
import type { RetailBasket } from '../schemas/orders/retail-basket.ts';
import type { OrderPlaced } from '../schemas/orders/shop.ts';
import { type Contender, report, sideBySide } from './side-by-side.ts';

const laps = Number(process.argv[2] ?? 10);
const rounds = 9;
/** Per cent of bare avsc. */
const bar = 85;

const folder = new URL('../schemas/orders/', import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.avsc'))
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
const { catalog } = loadCatalog(files);

async function readOrders(): Promise<OrderPlaced[]> {
  const data = new URL('../runtime/orders/data/baskets-sample.avro', import.meta.url);
  const schema = JSON.parse(catalog.canonicalSchema('completejourney.RetailBasket')) as avsc.Schema;
  const file = await ContainerFile.open<RetailBasket>(fileURLToPath(data), schema);
  const orders: OrderPlaced[] = [];
  for await (const { values } of file.chunks(file.start, 1000)) orders.push(...values.map(orderOf));
  await file.close();
  return orders;
}

const orders = await readOrders();
const text = catalog.canonicalSchema('shop.OrderPlaced');
const bare = avsc.Type.forSchema(JSON.parse(text) as avsc.Schema);

interface Fields {
  fields: object[];
}
const wider = JSON.parse(text) as avsc.Schema & Fields;
wider.fields.splice(2, 0, { name: 'channel', type: 'string', default: '' });
const widerText = JSON.stringify(wider);
const older = avsc.Type.forSchema(wider);
const serde = avroSerde<OrderPlaced>(catalog, 'shop.OrderPlaced', {
  schemaId: 1,
  resolver: { schemaText: (id) => (id === 2 ? widerText : undefined) },
});

const headerBytes = 5;
const shared = Buffer.alloc(64 * 1024 * 1024);

/** Where each record of `buffer` begins and ends. */
interface Written {
  readonly buffer: Buffer;
  readonly ends: readonly number[];
}

function written(write: (order: OrderPlaced, buffer: Buffer, position: number) => number): Written {
  const ends: number[] = [];
  let position = 0;
  for (const order of orders) {
    position = write(order, shared, position);
    ends.push(position);
  }
  return { buffer: Buffer.from(shared.subarray(0, position)), ends };
}

const bareBytes = written((order, buffer, position) => bare.encode(order, buffer, position));
const ourBytes = written((order, buffer, position) => serde.write(order, buffer, position));
const widerBytes = written((order, buffer, position) => {
  const bytes = older.toBuffer({ ...order, channel: 'web' });
  buffer.writeInt32BE(2, position + 1);
  buffer[position] = 0;
  bytes.copy(buffer, position + headerBytes);
  return position + headerBytes + bytes.length;
});
const bareWider = written((order, buffer, position) =>
  older.encode({ ...order, channel: 'web' }, buffer, position),
);
const bareResolver = bare.createResolver(older);

/** Runs `work`, which handles all orders once and gives a number so that nothing of it is left out. */
function contender(name: string, work: () => number): Contender {
  return {
    name,
    run: () => {
      let total = 0;
      const start = performance.now();
      for (let lap = 0; lap < laps; lap++) total += work();
      const elapsedMs = performance.now() - start;
      if (total === 0) throw new Error(`${name} did nothing`);
      return Promise.resolve({ records: laps * orders.length, elapsedMs });
    },
  };
}

function encodeAll(write: (order: OrderPlaced, position: number) => number): number {
  let position = 0;
  for (let i = 0; i < orders.length; i++) position = write(orders[i] as OrderPlaced, position);
  return position;
}

function decodeAll({ ends }: Written, read: (start: number, end: number) => OrderPlaced): number {
  let start = 0;
  let seen = 0;
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] as number;
    seen += read(start, end).lines.length;
    start = end;
  }
  return seen;
}

const titles = `${orders.length} orders of the sample, ${Math.round(ourBytes.buffer.length / orders.length)} bytes on average`;

const decoded = await sideBySide(
  [
    contender('decode: bare avsc', () =>
      decodeAll(bareBytes, (start) => bare.decode(bareBytes.buffer, start).value as OrderPlaced),
    ),
    contender('decode: serde', () =>
      decodeAll(ourBytes, (start, end) => serde.read(ourBytes.buffer, start, end)),
    ),
  ],
  rounds,
);
console.log(report(titles, decoded, bar));

const resolved = await sideBySide(
  [
    contender('resolve: bare avsc', () =>
      decodeAll(
        bareWider,
        (start) => bare.decode(bareWider.buffer, start, bareResolver).value as OrderPlaced,
      ),
    ),
    contender('resolve: serde', () =>
      decodeAll(widerBytes, (start, end) => serde.read(widerBytes.buffer, start, end)),
    ),
  ],
  rounds,
);
console.log(report(titles, resolved, bar));

const encoded = await sideBySide(
  [
    contender('encode: bare avsc, shared buffer', () =>
      encodeAll((order, position) => bare.encode(order, shared, position)),
    ),
    contender('encode: serde, shared buffer', () =>
      encodeAll((order, position) => serde.write(order, shared, position)),
    ),
    contender('encode: bare avsc, toBuffer', () =>
      encodeAll((order, position) => position + bare.toBuffer(order).length),
    ),
  ],
  rounds,
);
console.log(report(titles, encoded, bar));
