import type { DefinitionPath, Problem } from '../core/problem.ts';
import type { Definition } from '../definition/definition.ts';
import type { LeftOut } from '../definition/place.ts';
import { valueAt } from './value-at.ts';

/** What the reading of a file found, as far as it explains what later checks find. */
export interface ReadingResult {
  readonly definition?: Definition;
  readonly problems: readonly Problem[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Codes that say that nothing takes or uses something: an entry that could not be read may do so.
 */
const absenceCodes: ReadonlySet<string> = new Set(['E065', 'W052']);

/**
 * The problems of the reading, and those of later checks that do not merely follow from them. A
 * later problem follows if it stands where the reading found
 * something wrong, if it is about a reference to an entry that could not be read, if it misses a use
 * that such an entry may be, or if nothing takes the output of a stage that does nothing.
 */
export function withoutFollowOns(reading: ReadingResult, later: readonly Problem[]): Problem[] {
  const { definition, leftOut } = reading;
  // Paths of whole sections and entries say too little about what is wrong inside them.
  const wrong = reading.problems.map(({ path }) => path).filter((path) => path.length > 2);
  const names = new Set(leftOut.map(({ path, name }) => (path.length === 2 ? name : undefined)));
  const outputs = new Set(leftOut.map(({ path, name }) => `${path[1]}.${name}`));
  const mentioned = new Set(
    leftOut.flatMap(({ mentions }) => [...mentions].flatMap((text) => [text, headOf(text)])),
  );
  const idle = reading.problems.filter(({ code }) => code === 'E014');
  const malformed = reading.problems.filter(({ code }) => formCodes.has(code));
  const follows = (problem: Problem): boolean => {
    if (problem.code === 'E056' && malformed.some(({ path }) => equal(path, problem.path))) {
      return true;
    }
    if (wrong.some((path) => startsWith(problem.path, path))) return true;
    if (problem.code === 'E065' && idle.some(({ path }) => startsWith(path, problem.path))) {
      return true;
    }
    if (absenceCodes.has(problem.code)) return mentioned.has(String(problem.path[1]));
    const value = definition && valueAt(definition, problem.path);
    // An empty text stands for one that is missing.
    return (
      typeof value === 'string' && (value === '' || names.has(headOf(value)) || outputs.has(value))
    );
  };
  return [...reading.problems, ...later.filter((problem) => !follows(problem))];
}

/** Codes of the reading for names and topics of a wrong form: E056 says the same of a definition. */
const formCodes: ReadonlySet<string> = new Set(['E008', 'E009']);

function equal(a: DefinitionPath, b: DefinitionPath): boolean {
  return a.length === b.length && startsWith(a, b);
}

/** The stage of `stage.output`. */
function headOf(reference: string): string {
  return reference.split('.', 1)[0] as string;
}

function startsWith(path: DefinitionPath, start: DefinitionPath): boolean {
  return start.every((step, i) => path[i] === step);
}
