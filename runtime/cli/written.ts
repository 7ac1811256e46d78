import type { Writable } from 'node:stream';

/**
 * Resolves when all that was written to the streams has left the process, or cannot. To be waited
 * for before `process.exit`, which drops what a reader at the other end of a pipe was too slow to
 * take.
 */
export async function written(...streams: readonly Writable[]): Promise<void> {
  await Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          stream.write('', () => resolve());
        }),
    ),
  );
}
