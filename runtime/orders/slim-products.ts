import { once } from 'node:events';
import avsc from 'avsc';
import { isStreamsError } from '../../topology/core/errors.ts';
import { openBaskets, openProducts, readSchema } from './input-schemas.ts';

/*
 * Makes `data/products-slim.avro`: id and department of the products that occur in a file of baskets.
 *
 *   node runtime/orders/slim-products.ts BASKETS.avro PRODUCTS.avro OUT.avro
 */
const [basketsPath, productsPath, outPath] = process.argv.slice(2);
if (basketsPath === undefined || productsPath === undefined || outPath === undefined) {
  process.stderr.write('usage: slim-products.ts BASKETS.avro PRODUCTS.avro OUT.avro\n');
  process.exitCode = 2;
} else {
  await slim(basketsPath, productsPath, outPath).catch((error: unknown) => {
    if (!isStreamsError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 3;
  });
}

async function slim(basketsPath: string, productsPath: string, outPath: string): Promise<void> {
  const baskets = await openBaskets(basketsPath);
  const bought = new Set<string>();
  for await (const { values } of baskets.chunks(baskets.start, 1000)) {
    for (const { lines } of values) for (const { productId } of lines) bought.add(productId);
  }
  await baskets.close();
  const products = await openProducts(productsPath);
  const type = avsc.Type.forSchema(await readSchema('product'));
  const encoder = avsc.createFileEncoder(outPath, type, { codec: 'deflate' });
  let kept = 0;
  for await (const { values } of products.chunks(products.start, 1000)) {
    for (const { productId, department } of values) {
      if (!bought.has(productId)) continue;
      kept += 1;
      if (!encoder.write({ productId, department })) await once(encoder, 'drain');
    }
  }
  await products.close();
  encoder.end();
  process.stdout.write(`${kept} of ${bought.size} products that were bought\n`);
}
