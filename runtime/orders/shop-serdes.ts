import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { avroSerde, loadCatalog, subjectFor } from '../../schemas/index.ts';
import type { AvroSerde, SchemaResolver } from '../../schemas/index.ts';
import type { Delivery, OrderPaid, OrderPlaced, OrderStatus } from '../../schemas/orders/shop.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import type { SchemaRegistry } from '../ports.ts';

/** Folder of the order system's `.avsc` files. */
export const schemaFolder: string = fileURLToPath(
  new URL('../../schemas/orders/', import.meta.url),
);

/** The topics that the loader writes and the tally reads, as `topology/orders/orders.yaml` names them. */
export const shopTopics = {
  placed: 'orders.placed',
  deliveries: 'warehouse.deliveries',
  paid: 'orders.paid',
  status: 'orders.status',
  deadLetters: 'orders.dead-letters',
  control: 'orders-control',
} as const;

/** Serdes of the order system's values. Their ids are registered. */
export interface ShopSerdes {
  readonly placed: AvroSerde<OrderPlaced>;
  readonly deliveries: AvroSerde<Delivery>;
  readonly paid: AvroSerde<OrderPaid>;
  readonly status: AvroSerde<OrderStatus>;
  /** Serde of the values of another topic, with its Avro type. Its id is registered. */
  of<T>(topic: string, type: string): Promise<AvroSerde<T>>;
  /** Makes the schema of a foreign id known to the serdes' `read`, where the registry has it. */
  fetchSchema(id: number): Promise<void>;
}

/**
 * Registers the value schemas of the order system's topics and gives their serdes.
 * @throws {ConfigError} SCHEMA_INVALID when a `.avsc` file is none
 */
export async function openShopSerdes(registry: SchemaRegistry): Promise<ShopSerdes> {
  const names = (await readdir(schemaFolder)).filter((name) => name.endsWith('.avsc'));
  const files = await Promise.all(
    names.sort().map(async (file) => ({
      file: `${schemaFolder}${file}`,
      text: await readFile(`${schemaFolder}${file}`, 'utf8'),
    })),
  );
  const { catalog, problems } = loadCatalog(files);
  const [problem] = problems;
  if (problem !== undefined) {
    const { file, line } = problem.at;
    throw new ConfigError('SCHEMA_INVALID', `${file}:${line}: ${problem.message}`);
  }
  const texts = new Map<number, string>();
  const resolver: SchemaResolver = { schemaText: (id) => texts.get(id) };
  const serde = async <T>(topic: string, type: string): Promise<AvroSerde<T>> => {
    const text = catalog.canonicalSchema(type);
    const schemaId = await registry.register(subjectFor(topic, 'value'), text);
    return avroSerde<T>(catalog, type, { schemaId, resolver });
  };
  return {
    placed: await serde<OrderPlaced>(shopTopics.placed, 'shop.OrderPlaced'),
    deliveries: await serde<Delivery>(shopTopics.deliveries, 'shop.Delivery'),
    paid: await serde<OrderPaid>(shopTopics.paid, 'shop.OrderPaid'),
    status: await serde<OrderStatus>(shopTopics.status, 'shop.OrderStatus'),
    of: serde,
    async fetchSchema(id) {
      const text = await registry.schema(id);
      if (text !== undefined) texts.set(id, text);
    },
  };
}
