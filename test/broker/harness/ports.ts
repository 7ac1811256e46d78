import { createServer } from 'node:net';

/**
 * Below what systems hand out for outgoing connections (32,768 on Linux, 49,152 elsewhere): a port
 * of a broker that is down must not become the local end of a connection, least of all of a
 * client's connection to that very port.
 */
const range = { first: 12_000, count: 16_000 };

/** `count` different TCP ports of 127.0.0.1 on which nobody listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = range.first + Math.floor(Math.random() * range.count);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
