import type { Server } from 'node:http';
import { CommanderError } from 'commander';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import { compileBehaviour } from './behaviour.ts';
import { Ledger } from './ledger.ts';
import { parseProviderArguments, providerIdentity } from './options.ts';
import type { ProviderArguments } from './options.ts';
import { createProvider } from './server.ts';

/*
 * The payment provider, a process of its own: `node processors/orders/provider/main.ts --ledger FILE`. Prints `listening on PORT` when it is ready.
 * Exit codes: 0 stopped, 2 wrong usage, 3 a port or a ledger that cannot be used.
 */
try {
  await run(parseProviderArguments(process.argv.slice(2)));
} catch (error) {
  process.exitCode = explain(error);
}

async function run(args: ProviderArguments): Promise<void> {
  const ledger = await Ledger.open(args.ledger);
  const idle = idleTimer(args.idleExitMs, () => stop(server, ledger));
  const server = createProvider({
    ledger,
    behaviour: compileBehaviour(args),
    monotonic: () => performance.now(),
    identity: providerIdentity(args.ledger, args),
    used: () => idle?.refresh(),
  });
  process.once('SIGTERM', () => stop(server, ledger));
  process.once('SIGINT', () => stop(server, ledger));
  try {
    const port = await listen(server, args);
    await ledger.announce(port);
    process.stdout.write(`listening on ${port}\n`);
  } catch (error) {
    clearTimeout(idle);
    await ledger.close();
    throw error;
  }
}

function idleTimer(idleMs: number | undefined, action: () => void): NodeJS.Timeout | undefined {
  return idleMs === undefined ? undefined : setTimeout(action, idleMs);
}

function listen(server: Server, { port, host }: ProviderArguments): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${cause.message})`;
      const message = `port ${port} ${reason}: give another one with --port, or 0 for any`;
      reject(new ConfigError('PORT_UNUSABLE', message, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Answers what is being worked on, then ends the process. A client that hangs on does not keep it. */
function stop(server: Server, ledger: Ledger): void {
  server.close(() => {
    void ledger.close().then(() => process.exit(0));
  });
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 1000).unref();
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!isStreamsError(error)) throw error;
  process.stderr.write(`provider: ${error.message}\n`);
  return 3;
}
