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
      '\nExit code 1 if there is an error; warnings and notes alone give 0. Where the folder of schemas has\n' +
        'a lock file ("millrace schemas pull"), schemas are compared with the versions in it.\n\n' +
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
        const problems = topologies.flatMap((topology) => [
          ...topologyProblemsToJson(topology),
          ...topology.notices.map((message) => ({
            severity: 'info',
            message,
            file: topology.file,
          })),
        ]);
        await console.write(`${JSON.stringify(problems, null, 2)}\n`);
      } else if (topologies.length > 0) {
        const texts = topologies.map((topology) => {
          const found = renderTopologyProblems(topology) || `${topology.file}: no problems\n`;
          return [found, ...topology.notices.map((notice) => `note: ${notice}\n`)].join('');
        });
        await console.write(texts.join('\n'));
      }
      const sound = topologies.every(({ graph }) => graph !== undefined);
      for (const error of unreadable.slice(1)) console.note(explainFailure(error).text);
      if (unreadable.length > 0) throw unreadable[0];
      done(sound ? exitCodes.fine : exitCodes.findings);
    });
}
