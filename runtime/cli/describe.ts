import { Command, Option } from 'commander';
import { describeJson } from '../../topology/plan/describe-json.ts';
import { describeMermaid } from '../../topology/plan/describe-mermaid.ts';
import { describeText } from '../../topology/plan/describe-text.ts';
import { plan } from '../../topology/plan/planner.ts';
import { checkedGraph, readTopology } from '../app/topology-source.ts';
import type { Console } from './console.ts';

interface DescribeOptions {
  readonly format: 'text' | 'json' | 'mermaid';
  readonly json?: true;
}

/** `millrace describe FILE`: the plan of a topology: sub-topologies, topics, stores. */
export function describeCommand(console: Console): Command {
  return new Command('describe')
    .description(
      'Print the plan of a topology: what runs, in which sub-topologies, on what topics.',
    )
    .argument('<file>', 'topology file')
    .addOption(
      new Option('--format <format>', "text is Kafka Streams' own format, which viewers read")
        .choices(['text', 'json', 'mermaid'])
        .default('text'),
    )
    .option('--json', 'short for --format json')
    .addHelpText(
      'after',
      '\nExample:\n  $ millrace describe topology/orders/orders.yaml --format mermaid',
    )
    .action(async (file: string, options: DescribeOptions) => {
      const made = plan(checkedGraph(readTopology(file)));
      const format = options.json === true ? 'json' : options.format;
      const text =
        format === 'json'
          ? `${JSON.stringify(describeJson(made), null, 2)}\n`
          : format === 'mermaid'
            ? describeMermaid(made)
            : describeText(made);
      await console.write(text);
    });
}
