import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';
import { noBroker } from './broker/harness/choose-broker.ts';

/** How one test ended, as far as the summary needs it. */
export interface TestOutcome {
  /** File and full name. */
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, where the test says so. */
  readonly note?: string;
}

/** Names listed of those that were skipped for one reason. */
const maxNames = 20;

/**
 * The last lines of a test run: how many ran, each skipped test with its reason, a word of warning
 * where tests found no broker, and a closing line `N passed, N failed, N skipped` that stands alone.
 */
export function summaryLines(outcomes: readonly TestOutcome[]): string[] {
  const count = (state: TestOutcome['state']): number =>
    outcomes.filter((outcome) => outcome.state === state).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const reasons = new Map<string, string[]>();
  for (const { name, state, note } of outcomes) {
    if (state !== 'skipped') continue;
    const reason = note ?? 'no reason given';
    reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  const lines = [`${passed + failed} of ${outcomes.length} tests ran`];
  for (const [reason, names] of reasons) {
    lines.push(`skipped (${reason}):`, ...names.slice(0, maxNames).map((name) => `  ${name}`));
    if (names.length > maxNames) lines.push(`  and ${names.length - maxNames} more`);
  }
  const brokerless = [...reasons].filter(([reason]) => reason.startsWith(noBroker));
  if (brokerless.length > 0) {
    const tests = brokerless.reduce((sum, [, names]) => sum + names.length, 0);
    lines.push(
      `${tests} TESTS AGAINST A REAL KAFKA DID NOT RUN: CONTRIBUTING.md says what they need`,
    );
  }
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`];
}

/** Prints {@link summaryLines} at the end of a run. A file that does not load, and an error outside any test, count as a failed test. */
export class SummaryReporter implements Reporter {
  private pattern: RegExp | undefined;

  onInit(vitest: Vitest): void {
    this.pattern = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const outcomes = modules.flatMap((module) => outcomesOf(module, this.pattern));
    for (const { message } of errors) {
      outcomes.push({ name: `outside any test: ${message}`, state: 'failed' });
    }
    process.stdout.write(`\n${summaryLines(outcomes).join('\n')}\n`);
  }
}

function outcomesOf(module: TestModule, pattern: RegExp | undefined): TestOutcome[] {
  const file = module.relativeModuleId;
  const outcomes = [...module.children.allTests()].map((test): TestOutcome => {
    const { state, ...result } = test.result();
    const name = `${file} > ${test.fullName}`;
    const unasked = pattern?.test(test.fullName.replaceAll(' > ', ' ')) === false;
    const note = unasked
      ? 'another name was asked for'
      : 'note' in result
        ? result.note
        : undefined;
    if (state === 'passed' || state === 'failed') return { name, state };
    return { name, state: 'skipped', ...(note === undefined ? {} : { note }) };
  });
  const broken = module.state() === 'failed' && outcomes.every(({ state }) => state !== 'failed');
  return broken ? [...outcomes, { name: `${file} (file or hook)`, state: 'failed' }] : outcomes;
}
