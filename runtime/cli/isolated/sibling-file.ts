import { fileURLToPath } from 'node:url';

/** Path of a module beside the one at `url`, from the sources (`.ts`) as well as built (`.js`). */
export function siblingFile(url: string, name: string): string {
  return fileURLToPath(url.replace(/[^/]+(\.[jt]s)$/, `${name}$1`));
}
