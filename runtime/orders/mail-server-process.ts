import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listeningPort } from './listening-port.ts';
import { stopProcess } from './stop-process.ts';

/** A mail server that runs in a process of its own. */
export interface MailServerProcess {
  /** `smtp://127.0.0.1:PORT` */
  readonly url: string;
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

const script = fileURLToPath(
  new URL('../../processors/orders/mail-server/main.ts', import.meta.url),
);

/**
 * Starts a mail server that writes what it takes into `book`. It ends with this process, however that ends.
 * @throws {ConfigError} PROVIDER_FAILED when it does not start, with its own words
 */
export async function startMailServer(
  book: string,
  args: readonly string[] = [],
): Promise<MailServerProcess> {
  await mkdir(dirname(book), { recursive: true });
  // Detached: an interrupt from the terminal is for this process, which then stops the server.
  const child = spawn(process.execPath, [script, '--book', book, '--leash', ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const url = `smtp://127.0.0.1:${await listeningPort(child, 'the mail server')}`;
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  // The pipe is the leash; it must not keep this process alive.
  (child.stdin as unknown as { unref(): void }).unref();
  return { url, stop: () => stopProcess(child.pid as number) };
}
