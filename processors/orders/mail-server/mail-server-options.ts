import { Command, Option } from 'commander';
import { duration, port, share, whole } from '../provider/options.ts';
import type { MailBehaviourSettings } from './mail-behaviour.ts';

/** What the mail server's command line says. */
export interface MailServerArguments extends MailBehaviourSettings {
  readonly book: string;
  /** 0: any free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /** Exit when standard input ends: with the process that started it. */
  readonly leash: boolean;
}

interface Parsed {
  readonly book: string;
  readonly port: number;
  readonly host: string;
  readonly leash: boolean;
  readonly seed: number;
  readonly latency: number;
  readonly refuseRate: number;
  readonly deferRate: number;
  readonly cutRate: number;
}

/**
 * Parses the mail server's arguments (without `node` and the script).
 *
 * **Gotchas** Help and wrong usage print and throw commander's `CommanderError`.
 */
export function parseMailServerArguments(args: readonly string[]): MailServerArguments {
  const command = new Command('mail-server')
    .description('An SMTP server that keeps what it takes in a file, and delivers nothing.')
    .exitOverride()
    .requiredOption('--book <file>', 'where letters are written down')
    .addOption(new Option('--port <number>', 'port, 0 for any free one').argParser(port).default(0))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--leash', 'exit when standard input ends', false)
    .addOption(new Option('--seed <number>', 'seed of every choice').argParser(whole).default(1))
    .addOption(
      new Option('--latency <duration>', 'mean time that a letter takes')
        .argParser(duration)
        .default(0, '0ms'),
    )
    .addOption(rate('--refuse-rate <share>', 'share of letters refused for good, 0 to 1'))
    .addOption(rate('--defer-rate <share>', 'share of letters not taken now, 0 to 1'))
    .addOption(rate('--cut-rate <share>', 'share of letters taken without an answer, 0 to 1'))
    .addHelpText('after', '\nExample:\n  $ mail-server --port 2525 --book mails.jsonl');
  command.parse(args, { from: 'user' });
  const { latency, ...rest } = command.opts<Parsed>();
  return { ...rest, latencyMs: latency };
}

function rate(flags: string, text: string): Option {
  return new Option(flags, text).argParser(share).default(0);
}
