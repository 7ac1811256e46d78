import { readFile } from 'node:fs/promises';
import type { Schema } from 'avsc';
import type { Product, RetailBasket } from '../../schemas/orders/retail-basket.ts';
import { ContainerFile } from './container-file.ts';
import { schemaFolder } from './shop-serdes.ts';

/**
 * Opens a file of baskets.
 * @throws {ConfigError} INPUT_FILE when it cannot be read as `completejourney.RetailBasket`
 */
export async function openBaskets(path: string): Promise<ContainerFile<RetailBasket>> {
  return ContainerFile.open<RetailBasket>(path, await readSchema('retail-basket'));
}

/**
 * Opens a file of products.
 * @throws {ConfigError} INPUT_FILE when it cannot be read as `completejourney.Product`
 */
export async function openProducts(path: string): Promise<ContainerFile<Product>> {
  return ContainerFile.open<Product>(path, await readSchema('product'));
}

/** The parsed schema of an input file: the name of its `.avsc` file in `schemas/orders/`. */
export async function readSchema(name: 'retail-basket' | 'product'): Promise<Schema> {
  return JSON.parse(await readFile(`${schemaFolder}${name}.avsc`, 'utf8')) as Schema;
}
