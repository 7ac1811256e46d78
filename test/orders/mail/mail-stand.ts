import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MailFate } from '../../../processors/orders/mail-server/mail-behaviour.ts';
import { MailBook, readMailBook } from '../../../processors/orders/mail-server/mail-book.ts';
import type { BookedMail } from '../../../processors/orders/mail-server/mail-book.ts';
import { createMailServer } from '../../../processors/orders/mail-server/mail-server.ts';

/** A mail server in this process, for a test. */
export interface MailStand {
  readonly url: string;
  /** Answers to the next letters; then all are taken at once. */
  readonly fates: MailFate[];
  /** Open connections. */
  connections(): number;
  book(): Promise<readonly BookedMail[]>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startMailStand(): Promise<MailStand> {
  const folder = await mkdtemp(join(tmpdir(), 'mail-'));
  const file = join(folder, 'mails.jsonl');
  const book = await MailBook.open(file);
  const fates: MailFate[] = [];
  const next = (): MailFate => fates.shift() ?? { latencyMs: 0, answer: 'taken' };
  const server = createMailServer({ book, next });
  const port = await new Promise<number>((resolve) => {
    const listener = server.listen(0, '127.0.0.1', () => {
      resolve((listener.address() as AddressInfo).port);
    });
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    fates,
    connections: () => server.connections.size,
    book: () => readMailBook(file),
    async stop() {
      for (const connection of server.connections) connection.close();
      await new Promise<void>((resolve) => {
        server.close(resolve);
      });
      await book.close();
      await rm(folder, { recursive: true });
    },
  };
}
