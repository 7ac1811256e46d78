import { once } from 'node:events';
import avsc from 'avsc';
import type { RetailBasket } from '../../schemas/orders/retail-basket.ts';
import { openBaskets, readSchema } from '../../runtime/orders/input-schemas.ts';
import { sampleBaskets } from '../../runtime/orders/start-options.ts';

/** About 20 baskets: the loader puts no more than a block into a transaction. */
const blockBytes = 4096;

/** The first baskets of the sample; where it has no more, they come again as others. */
export async function sample(count: number): Promise<readonly RetailBasket[]> {
  const file = await openBaskets(sampleBaskets);
  const baskets: RetailBasket[] = [];
  for await (const { values } of file.chunks(file.start, 500)) {
    baskets.push(...values.slice(0, count - baskets.length));
    if (baskets.length === count) break;
  }
  await file.close();
  const known = [...baskets];
  for (let i = known.length; i < count; i++) {
    const again = known[i % known.length] as RetailBasket;
    baskets.push({ ...again, basketId: `${again.basketId}-${Math.floor(i / known.length)}` });
  }
  return baskets;
}

/** Writes baskets as a container file of small blocks (bytes), so that loading them takes many transactions. */
export async function writeBaskets(
  path: string,
  baskets: readonly RetailBasket[],
  blockSize = blockBytes,
): Promise<void> {
  const type = avsc.Type.forSchema(await readSchema('retail-basket'));
  const encoder = avsc.createFileEncoder(path, type, { codec: 'null', blockSize });
  for (const basket of baskets) {
    if (!encoder.write(basket)) await once(encoder, 'drain');
  }
  const written = once(encoder, 'finish');
  encoder.end();
  await written;
}
