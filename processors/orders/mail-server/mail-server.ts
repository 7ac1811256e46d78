import { setTimeout as sleep } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { MailFate } from './mail-behaviour.ts';
import type { MailBook } from './mail-book.ts';

/** What a mail server needs. */
export interface MailServerOptions {
  readonly book: MailBook;
  /** The fate of the next letter. */
  readonly next: () => MailFate;
}

/**
 * An SMTP server for development and tests, not yet listening: takes every letter that its behaviour lets it take, into its book, and delivers none.
 * It has no TLS and no log-in.
 */
export function createMailServer({ book, next }: MailServerOptions): SMTPServer {
  const server: SMTPServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, done) {
      take(stream, session).then(
        (answer) => done(null, answer),
        (error: unknown) => done(error as Error),
      );
    },
  });
  // A client that goes away in the middle is its own business.
  server.on('error', () => {});
  return server;

  async function take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const message = await readAll(stream);
    const { latencyMs, answer } = next();
    if (latencyMs >= 1) await sleep(latencyMs);
    if (answer === 'refused') throw reply(550, 'no such mailbox');
    if (answer === 'deferred') throw reply(451, 'come back later');
    await book.append({
      messageId: headerOf(message, 'Message-ID'),
      to: session.envelope.rcptTo.map(({ address }) => address).join(', '),
      subject: headerOf(message, 'Subject'),
      bytes: message.length,
    });
    if (answer === 'cut') hangUp(session);
    return 'taken';
  }

  function hangUp({ id }: SMTPServerSession): void {
    for (const connection of server.connections) if (connection.id === id) connection.close();
  }
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function reply(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** One header of a message, unfolded; empty where there is none. */
function headerOf(message: Buffer, name: string): string {
  const end = message.indexOf('\r\n\r\n');
  const head = message.toString('utf8', 0, end < 0 ? message.length : end);
  const unfolded = head.replace(/\r\n[ \t]+/g, ' ');
  const pattern = new RegExp(`^${name}: *(.*)$`, 'im');
  return pattern.exec(unfolded)?.[1]?.trim() ?? '';
}
