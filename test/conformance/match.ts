import type { Scalar, VectorMatch, VectorRow, VectorStep } from './vector.ts';

/** A record that came out of a topology. */
export interface OutputRow {
  readonly output: string;
  readonly key: Scalar;
  readonly value: Scalar;
  readonly ts: number;
}

/** What a step of a vector expected and what came, where they differ. */
export interface Mismatch {
  readonly output: string;
  readonly expected: readonly unknown[];
  readonly actual: readonly unknown[];
}

/**
 * Compares what came out since the last step with what a step expects: exactly and per output
 * (order between outputs means nothing), or as the step's `match` says. If it differs and
 * `sourceMatch` holds, the difference lies in what Kafka's own tests leave open. Empty: it matches.
 *
 * `outputs` are all outputs of the vector; `before` is what came out in earlier steps, for the
 * matches that look back.
 */
export function compareStep(
  step: VectorStep,
  actual: readonly OutputRow[],
  outputs: readonly string[],
  before: readonly OutputRow[] = [],
): readonly Mismatch[] {
  const names = step.checkedOutputs ?? outputs;
  const strict = differences(step, step.match, actual, names, before);
  if (strict.length === 0 || step.sourceMatch === undefined) return strict;
  return differences(step, step.sourceMatch, actual, names, before).length === 0 ? [] : strict;
}

function differences(
  step: VectorStep,
  match: VectorMatch | undefined,
  actual: readonly OutputRow[],
  outputs: readonly string[],
  before: readonly OutputRow[],
): readonly Mismatch[] {
  return outputs.flatMap((output) => {
    const expected = step.expected.filter((row) => (row.output ?? outputs[0]) === output);
    const came = actual.filter((row) => row.output === output);
    const earlier = before.filter((row) => row.output === output);
    return matches(match, expected, came, earlier)
      ? []
      : [{ output, expected, actual: came } satisfies Mismatch];
  });
}

function matches(
  match: VectorMatch | undefined,
  expected: readonly VectorRow[],
  actual: readonly OutputRow[],
  earlier: readonly OutputRow[],
): boolean {
  switch (match) {
    case 'unordered': {
      if (expected.length !== actual.length) return false;
      const rest = [...actual];
      return expected.every((row) => {
        const at = rest.findIndex((other) => equal(row, other));
        if (at >= 0) rest.splice(at, 1);
        return at >= 0;
      });
    }
    case 'prefix':
      return (
        expected.length <= actual.length &&
        expected.every((row, i) => equal(row, actual[i] as OutputRow))
      );
    case 'latestByKey': {
      const latest = latestOf(actual);
      return (
        latest.size === new Set(expected.map(({ key }) => key)).size &&
        expected.every((row) => found(row, latest))
      );
    }
    case 'latestForListedKeys': {
      const latest = latestOf([...earlier, ...actual]);
      return expected.every((row) => found(row, latest));
    }
    default:
      return (
        expected.length === actual.length &&
        expected.every((row, i) => equal(row, actual[i] as OutputRow))
      );
  }
}

function latestOf(rows: readonly OutputRow[]): ReadonlyMap<Scalar, OutputRow> {
  return new Map(rows.map((row) => [row.key, row]));
}

function found(row: VectorRow, latest: ReadonlyMap<Scalar, OutputRow>): boolean {
  const other = latest.get(row.key);
  return other !== undefined && equal(row, other);
}

function equal(expected: VectorRow, actual: OutputRow): boolean {
  const value = 'newValue' in expected ? expected.newValue : expected.value;
  return (
    expected.key === actual.key &&
    (value ?? null) === actual.value &&
    (expected.ts === undefined || expected.ts === actual.ts)
  );
}
