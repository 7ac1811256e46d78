import { suicidePoints } from './child/settings.ts';
import type { KillPlan } from './life.ts';

/**
 * The next kill, drawn so that kills hit the start, loading, processing, commits and calls.
 * `startMs` is how long a start takes here.
 */
export function drawKill(random: () => number, startMs: number): KillPlan {
  const upTo = (most: number): number => Math.floor(random() * most);
  const kind = random();
  if (kind < 0.2) return { kind: 'after-spawn', ms: upTo(1.5 * startMs) };
  if (kind < 0.45) return { kind: 'after-ready', ms: upTo(400) };
  if (kind < 0.65) {
    const word = random() < 0.3 ? 'loaded' : 'committed';
    return { kind: 'after-word', word, at: 1 + upTo(word === 'loaded' ? 3 : 12), ms: upTo(8) };
  }
  const point = suicidePoints[upTo(suicidePoints.length)] ?? 'commit.logged';
  return { kind: 'suicide', point, at: 1 + upTo(point === 'load.logged' ? 3 : 12) };
}

/** A plan in a few words. */
export function killText(plan: KillPlan): string {
  if (plan.kind === 'after-spawn') return `${plan.ms} ms after its start`;
  if (plan.kind === 'after-ready') return `${plan.ms} ms after it was restored`;
  if (plan.kind === 'after-word') return `${plan.ms} ms after ${plan.word} number ${plan.at}`;
  return `at ${plan.kind === 'call' ? plan.step : plan.point}, number ${plan.at}`;
}
