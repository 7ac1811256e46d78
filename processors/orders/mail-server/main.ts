import { CommanderError } from 'commander';
import type { SMTPServer } from 'smtp-server';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import { compileMailBehaviour } from './mail-behaviour.ts';
import { MailBook } from './mail-book.ts';
import { createMailServer } from './mail-server.ts';
import { parseMailServerArguments } from './mail-server-options.ts';
import type { MailServerArguments } from './mail-server-options.ts';

/*
 * The mail server, a process of its own: `node processors/orders/mail-server/main.ts --book FILE`. Prints `listening on PORT` when it is ready.
 * Exit codes: 0 stopped, 2 wrong usage, 3 a port or a file that cannot be used.
 */
try {
  await run(parseMailServerArguments(process.argv.slice(2)));
} catch (error) {
  process.exitCode = explain(error);
}

async function run(args: MailServerArguments): Promise<void> {
  const book = await MailBook.open(args.book).catch((cause: Error) => {
    const message = `book "${args.book}" cannot be used: ${cause.message}`;
    throw new ConfigError('MAIL_BOOK', message, { cause });
  });
  const server = createMailServer({ book, next: compileMailBehaviour(args) });
  const stop = (): void => {
    server.close(() => void book.close().then(() => process.exit(0)));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    process.stdout.write(`listening on ${await listen(server, args)}\n`);
  } catch (error) {
    await book.close();
    throw error;
  }
  if (args.leash) process.stdin.on('end', stop).resume();
}

function listen(server: SMTPServer, { port, host }: MailServerArguments): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${cause.message})`;
      const message = `port ${port} ${reason}: give another one with --port, or 0 for any`;
      reject(new ConfigError('PORT_UNUSABLE', message, { cause }));
    });
    const listener = server.listen(port, host, () => {
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!isStreamsError(error)) throw error;
  process.stderr.write(`mail-server: ${error.message}\n`);
  return 3;
}
