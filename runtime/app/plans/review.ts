import { resolves } from '../../../schemas/index.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import { isParkedChangelog } from '../../../topology/core/names.ts';
import { compareManifests } from '../../../topology/plan/compare/compare.ts';
import {
  type Difference,
  differenceText,
  isRolling,
} from '../../../topology/plan/compare/difference.ts';
import type { Manifest } from '../../../topology/plan/compare/manifest.ts';
import type { Log } from '../../ports.ts';
import { undrained } from './undrained.ts';

/** What an edit comes to, for an application as it stands. */
export interface PlanReview {
  readonly differences: readonly Difference[];
  /** Those that keep it from going on: all but rolling ones, and `drain` where nothing is left to drain. */
  readonly blocking: readonly Difference[];
}

/** Compares what ran with what is to run, on the log that it ran on. */
export async function reviewPlan(log: Log, old: Manifest, next: Manifest): Promise<PlanReview> {
  const differences = compareManifests(old, next, resolves);
  const full = await undrained(log, old.application, differences);
  const blocking = differences.filter(({ verdict, drains = [] }) => {
    if (verdict === 'drain') return drains.some((topic) => full.has(topic));
    return verdict !== 'rolling';
  });
  return { differences, blocking };
}

/** Why two plans may not run side by side; undefined: they may, one being a rolling edit of the other. */
export function conflict(old: Manifest, next: Manifest): string | undefined {
  const there = compareManifests(old, next, resolves);
  // Whichever of the two is the newer one.
  if (isRolling(there) || isRolling(compareManifests(next, old, resolves))) return undefined;
  return listed(there.filter(({ verdict }) => verdict !== 'rolling'));
}

/**
 * The error for an edit that `run` does not make by itself. `target` is what a command is given to
 * work on this application: the file, and options where it is not found without.
 */
export function planRefused(
  application: string,
  blocking: readonly Difference[],
  target: string,
): ConfigError {
  const draining = blocking.every(({ verdict }) => verdict === 'drain');
  const parked = blocking.some(({ drains = [] }) =>
    drains.some((topic) => isParkedChangelog(application, topic)),
  );
  const release = parked
    ? `With the version before, let go what is parked ("millrace dlq redrive ${target}", "millrace dlq discard ${target} LETTER…"). `
    : '';
  const way = draining
    ? `${release}Run the version before until it has caught up ("millrace run ${target} --until-caught-up"), then this one, or give up what is stored`
    : 'Take the change back, or give up what is stored';
  return new ConfigError(
    'PLAN_REFUSED',
    `application "${application}" cannot go on with what it did before:\n${listed(blocking)}\n` +
      `${way}: "millrace reset ${target}" deletes its state and positions, and its input is read again; ` +
      `its outputs stay, so a run after it writes its results again. "millrace plan ${target}" shows all differences`,
  );
}

function listed(differences: readonly Difference[]): string {
  return differences.map((difference) => `  ${differenceText(difference)}`).join('\n');
}
