import { Command, Option } from 'commander';
import {
  readTopology,
  renderTopologyProblems,
  topologyProblemsToJson,
} from '../app/topology-source.ts';
import type { Console } from './console.ts';
import { explainFailure } from './failure.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

interface CheckOptions {
  readonly format: 'text' | 'json';
  readonly json?: true;
}

/** `millrace check FILE…`: all problems of topology files, without running anything. */
export function checkCommand(console: Console, done: (code: ExitCode) => void): Command {
  return new Command('check')
    .description('Check topology files and their schemas: every problem at once.')
    .argument('<file...>', 'topology files')
    .addOption(
      new Option('--format <format>', 'of the report').choices(['text', 'json']).default('text'),
    )
    .option('--json', 'short for --format json')
    .addHelpText(
      'after',
      '\nExit code 1 if there is an error; warnings alone give 0.\n\n' +
        'Example:\n  $ millrace check topology/orders/orders.yaml',
    )
    .action(async (files: readonly string[], options: CheckOptions) => {
      const unreadable: unknown[] = [];
      const topologies = files.flatMap((file) => {
        try {
          return readTopology(file);
        } catch (error) {
          unreadable.push(error);
          return [];
        }
      });
      const json = options.json === true || options.format === 'json';
      if (json) {
        const problems = topologies.flatMap(topologyProblemsToJson);
        await console.write(`${JSON.stringify(problems, null, 2)}\n`);
      } else if (topologies.length > 0) {
        const texts = topologies.map(
          (topology) => renderTopologyProblems(topology) || `${topology.file}: no problems\n`,
        );
        await console.write(texts.join('\n'));
      }
      const sound = topologies.every(({ graph }) => graph !== undefined);
      for (const error of unreadable.slice(1)) console.note(explainFailure(error).text);
      if (unreadable.length > 0) throw unreadable[0];
      done(sound ? exitCodes.fine : exitCodes.findings);
    });
}
