import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the topology files of the order system. */
export const topologyFolder: string = fileURLToPath(
  new URL('../../topology/orders/', import.meta.url),
);

/** The application that takes the orders. */
export const ordersFile: string = join(topologyFolder, 'orders.yaml');

/** The other applications, one file each: whatever lies beside `orders.yaml`, sorted by name. */
export function serviceFiles(folder = topologyFolder): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names
    .filter((name) => name !== 'orders.yaml')
    .sort()
    .map((name) => join(folder, name));
}
