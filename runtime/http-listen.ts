import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../topology/core/errors.ts';

/** What the servers of this process have in common: where they listen, and whom they know. */

/** Where a server listens. */
export interface ListenAt {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
}

/** How a server speaks of a place that cannot be had. */
export interface ListenWords {
  /** Code of the error. */
  readonly code: string;
  /** What it is to do: `answer queries`. */
  readonly task: string;
  /** What to do about a port that is taken, and about a host that this machine does not have. */
  readonly otherPort: string;
  readonly otherHost: string;
}

/** @throws {ConfigError} with the code of `words` when host and port cannot be had */
export async function listenAt(server: Server, at: ListenAt, words: ListenWords): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(notListening(at, words, error)));
    server.listen({ host: at.host, port: at.port }, resolve);
  });
}

function notListening(
  { host, port }: ListenAt,
  { code, task, otherPort, otherHost }: ListenWords,
  error: NodeJS.ErrnoException,
): ConfigError {
  const why =
    error.code === 'EADDRINUSE'
      ? `port ${port} is taken: ${otherPort}`
      : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
        ? `this machine has no address ${host}: ${otherHost}`
        : error.message;
  return new ConfigError(code, `cannot ${task} on ${host}: ${why}`, { cause: error });
}

/** `http://host:port` of a server that listens at `host`, for this machine. */
export function localUrl(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** Ends a server at once: what is under way is cut off. */
export async function closeAtOnce(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}

/** The host name of a `host` header; empty where it has none. */
export function hostOf(header: string | undefined): string {
  return URL.parse(`http://${header}`)?.hostname ?? '';
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether two secrets are equal. Takes equally long however much of it is right. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
