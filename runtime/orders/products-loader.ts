import type { Product } from '../../schemas/orders/retail-basket.ts';
import type { Log } from '../ports.ts';
import { readDepartments } from './departments.ts';
import { openBaskets } from './input-schemas.ts';
import { OutsideWriter } from './outside-writer.ts';
import type { ShopSerdes } from './shop-serdes.ts';
import { TopicBatches } from './topic-batches.ts';
import { TopicReader } from './topic-reader.ts';

/** The table of products, as `topology/orders/analytics.yaml` names it. */
export const productsTopic = 'catalogue.products';

const partitions = 4;
const productsPerTransaction = 5000;

/**
 * Writes the products that a file of baskets asks for, and that the table does not hold yet, into the table. What a killed call left out the next one writes.
 * @throws {ConfigError} INPUT_FILE
 */
export async function loadProducts(
  log: Log,
  serdes: Pick<ShopSerdes, 'of'>,
  orders: string,
): Promise<void> {
  await log.admin.create({
    name: productsTopic,
    partitions,
    cleanup: 'compact',
    retention: 'forever',
  });
  const missing = await askedFor(orders);
  await new TopicReader(log, productsTopic).read(({ buffer, keyStart, keyEnd }) => {
    missing.delete(buffer.toString('utf8', keyStart, keyEnd));
  });
  if (missing.size === 0) return;
  const departments = await readDepartments();
  const serde = await serdes.of<Product>(productsTopic, 'completejourney.Product');
  const batches = new TopicBatches(productsTopic, partitions, serde);
  const writer = await OutsideWriter.open(log, 'orders-products');
  try {
    let waiting = 0;
    for (const productId of missing) {
      batches.add(productId, { productId, department: departments.get(productId) ?? null }, 0);
      waiting += 1;
      if (waiting % productsPerTransaction === 0) await writer.write(batches.take());
    }
    await writer.write(batches.take());
  } finally {
    await writer.close();
  }
}

async function askedFor(orders: string): Promise<Set<string>> {
  const products = new Set<string>();
  const baskets = await openBaskets(orders);
  try {
    for await (const { values } of baskets.chunks(baskets.start, 1000)) {
      for (const { lines } of values) for (const { productId } of lines) products.add(productId);
    }
  } finally {
    await baskets.close();
  }
  return products;
}
