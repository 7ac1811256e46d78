import { relative } from 'node:path';

/** A path as messages show it: relative to the working directory where it lies below it. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short === '' ? '.' : short;
}
