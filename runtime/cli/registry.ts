import { Command, InvalidArgumentError, Option } from 'commander';
import { openOwnRegistry } from '../app/open-own-registry.ts';
import { RegistryServer } from '../registry/registry-server.ts';
import { compileServeOptions, type ServeOptions } from '../registry/serve-options.ts';
import type { Console } from './console.ts';
import { UsageError } from './failure.ts';
import { addDataOptions, type DataOptions, settingsOf } from './settings.ts';
import { onSignal } from './signals.ts';

interface RegistryOptions extends DataOptions {
  readonly host?: string;
  readonly port?: number;
}

/** `millrace registry`: serves the registry of a log until it is stopped. */
export function registryCommand(console: Console): Command {
  return addDataOptions(new Command('registry'))
    .description("Serve the log's own schema registry over HTTP, as Confluent's is served.")
    .addOption(
      new Option('--port <number>', 'port that it listens on; 0: one that is free')
        .default(undefined, 'registry.serve.port of the runner file, else 8081')
        .argParser(portNumber),
    )
    .addOption(
      new Option('--host <address>', 'address that it listens on').default(
        undefined,
        'registry.serve.host of the runner file, else 127.0.0.1',
      ),
    )
    .addHelpText(
      'after',
      '\nApplications of the data folder may run meanwhile: they and its clients use one registry. Where\n' +
        'others can reach it, MILLRACE_REGISTRY_TOKEN or registry.serve.token of the runner file is what\n' +
        'requests must bring. SIGINT (Ctrl-C) and SIGTERM stop it.\n\n' +
        'Example:\n  $ millrace registry --data .millrace/data --port 8081',
    )
    .action(async (options: RegistryOptions) => {
      const place = settingsOf(options);
      const { url, serve } = place.choice.registry ?? {};
      if (url !== undefined) {
        throw new UsageError(
          `the runner file names the registry at ${url.url}: that one is served elsewhere`,
        );
      }
      const token = process.env['MILLRACE_REGISTRY_TOKEN'];
      const served: ServeOptions = {
        ...serve,
        ...(token === undefined ? {} : { token }),
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.port === undefined ? {} : { port: options.port }),
      };
      const compiled = compileServeOptions(served);
      const signals = onSignal();
      const own = await openOwnRegistry(place.choice);
      try {
        const server = await RegistryServer.listen(own.registry, compiled);
        console.note(`the schema registry of ${place.where} is served at ${server.url}\n`);
        await new Promise<void>((resolve) => {
          if (signals.signal.aborted) resolve();
          signals.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await server.close();
      } finally {
        await own.close();
        signals.release();
      }
    });
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('give a whole number up to 65535');
  return Number(text);
}
