import type { Definition } from '../definition/definition.ts';
import { application } from '../definition/nodes/application.ts';
import type { LeftOut } from '../definition/place.ts';
import { newReading, Place } from '../definition/place.ts';
import type { Problem } from '../core/problem.ts';
import type { SourceMap } from '../definition/source-map.ts';
import { sourceMap } from '../definition/source-map.ts';
import { readYaml } from './read-yaml.ts';

/** What came of reading a topology file. */
export interface ParsedTopology {
  /**
   * What was written, without the parts that could not be read. Absent only if the text is no YAML
   * or its root no map. Do not run it while there are problems.
   */
  readonly definition?: Definition;
  /** Everything that is wrong with the file's form and names, in the order of the file. */
  readonly problems: readonly Problem[];
  readonly source: SourceMap;
  /**
   * Entries that were written but are not in the definition: what is said about their absence is no
   * news.
   */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads a topology file. Never throws for what an author wrote.
 *
 * `file` is how the file is called in messages.
 */
export function parseTopology(text: string, file: string): ParsedTopology {
  const reading = newReading();
  const root = new Place(reading, []);
  const written = readYaml(text, root);
  const definition = written === undefined ? undefined : application.read(written, root);
  const source = sourceMap(file, text, reading.marks);
  return {
    ...(definition === undefined ? {} : { definition }),
    problems: reading.problems.toSorted((a, b) => (a.span?.[0] ?? 0) - (b.span?.[0] ?? 0)),
    source,
    leftOut: reading.leftOut,
  };
}
