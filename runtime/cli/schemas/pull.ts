import { Command } from 'commander';
import { lockPath, readLock, writeLock } from '../../app/schemas/lock.ts';
import { allReaders, readersOf } from '../../app/schemas/reader-pins.ts';
import { topologySubjects } from '../../app/schemas/topology-subjects.ts';
import { shortPath } from '../../app/short-path.ts';
import { checkedGraph, readTopology } from '../../app/topology-source.ts';
import {
  lockChanges,
  type PinnedReaders,
  pullLock,
  type SchemaLock,
} from '../../registry/lock-file.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import {
  addRegistryOptions,
  type CommandRegistry,
  type RegistryCommandOptions,
  withRegistry,
} from './registry-options.ts';

interface PullOptions extends RegistryCommandOptions {
  readonly check?: true;
}

/** What became of a lock file. */
interface Pulled {
  readonly file: string;
  readonly changes: readonly string[];
}

/** `millrace schemas pull FILE…`: refreshes lock files. */
export function schemasPullCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addRegistryOptions(new Command('pull'))
    .description('Write what the registry has into the lock files of topologies, for "check".')
    .argument('<file...>', 'topology files')
    .option('--check', 'write nothing; exit with 1 where something would change')
    .addHelpText(
      'after',
      '\nThe lock file is schemas.lock.json in the folder of schemas: commit it. "check" reads it and\n' +
        'asks nobody; "run" compares it with the registry.\n\n' +
        'Example:\n  $ millrace schemas pull topology/orders/*.yaml',
    )
    .action(async (files: readonly string[], options: PullOptions) => {
      const wanted = topologiesByLock(files);
      const pulled = await withRegistry({ options, console }, (found) =>
        pullAll(found, wanted, options.check === true),
      );
      const changed = pulled.some(({ changes }) => changes.length > 0);
      done(options.check === true && changed ? exitCodes.findings : exitCodes.fine);
      if (options.json) return console.write(`${JSON.stringify(pulled, null, 2)}\n`);
      const lines = pulled.flatMap(({ file, changes }) =>
        changes.length === 0
          ? [`${file} is as the registry`]
          : [
              `${file}: ${options.check ? 'to be pulled' : 'written'}`,
              ...changes.map((it) => `  ${it}`),
            ],
      );
      return console.write(`${lines.join('\n')}\n`);
    });
}

/** What the topologies that go with a lock declare. */
interface Declared {
  readonly subjects: Set<string>;
  /** Subjects of topologies whose stages are known: the file has no other mistakes. */
  readonly sound: Set<string>;
  readonly readers: PinnedReaders[];
}

/** Path of a lock → what all topologies that it goes with declare. */
function topologiesByLock(files: readonly string[]): ReadonlyMap<string, Declared> {
  const byLock = new Map<string, Declared>();
  for (const file of files) {
    const topology = readTopology(file, { lock: false });
    const { definition } = topology.definition === undefined ? checkedGraph(topology) : topology;
    const path = definition === undefined ? undefined : lockPath(file, definition);
    if (definition === undefined || path === undefined) {
      throw new UsageError(
        `${file} has no folder of schemas ("schemas:"): there is nothing to lock`,
      );
    }
    const declared = byLock.get(path) ?? { subjects: new Set(), sound: new Set(), readers: [] };
    byLock.set(path, declared);
    const { catalog, graph } = topology;
    for (const { subject } of topologySubjects(definition, catalog)) {
      declared.subjects.add(subject);
      if (graph !== undefined) declared.sound.add(subject);
    }
    if (graph !== undefined) declared.readers.push(readersOf(graph, catalog));
  }
  return byLock;
}

async function pullAll(
  { registry, url }: CommandRegistry,
  wanted: ReadonlyMap<string, Declared>,
  dry: boolean,
): Promise<readonly Pulled[]> {
  const pulled: Pulled[] = [];
  for (const [path, { subjects, sound, readers }] of wanted) {
    const older = lockAt(path);
    const names = [...subjects, ...(older?.subjects.keys() ?? [])];
    const newer = await pullLock(registry, url, names, allReaders(readers, older, sound));
    const changes = lockChanges(older, newer);
    if (!dry && (older === undefined || changes.length > 0)) writeLock(path, newer);
    pulled.push({ file: shortPath(path), changes });
  }
  return pulled;
}

/** The lock that is there; one that cannot be read is written anew. */
function lockAt(path: string): SchemaLock | undefined {
  try {
    return readLock(path)?.lock;
  } catch {
    return undefined;
  }
}
