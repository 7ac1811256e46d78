import { fileURLToPath } from 'node:url';
import { openProducts } from './input-schemas.ts';

/** The products that the repository ships: those of the whole year of baskets. */
export const slimProducts: string = fileURLToPath(
  new URL('data/products-slim.avro', import.meta.url),
);

/** Product → department, of a file of products. Products without a department are left out. */
export async function readDepartments(path = slimProducts): Promise<ReadonlyMap<string, string>> {
  const departments = new Map<string, string>();
  // One string per department, not one per product.
  const names = new Map<string, string>();
  const products = await openProducts(path);
  try {
    for await (const { values } of products.chunks(products.start, 1000)) {
      for (const { productId, department } of values) {
        if (department === null) continue;
        const name = names.get(department) ?? department;
        names.set(name, name);
        departments.set(productId, name);
      }
    }
  } finally {
    await products.close();
  }
  return departments;
}
