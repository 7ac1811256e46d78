import { durationText } from '../../core/duration.ts';
import type { CallEffect } from '../../definition/definition.ts';
import { defaultEffect } from '../../definition/nodes/call-effect.ts';
import { type Comparison, isSame } from './comparison.ts';
import { type Difference, otherReplay, rowsStay } from './difference.ts';

/** What became of calls, functions, and of records that fail. */
export function compareCalls(both: Comparison): Difference[] {
  const { old, next } = both;
  const found: Difference[] = [];
  for (const [name, after] of Object.entries(next.calls)) {
    const before = old.calls[name];
    if (before === undefined) continue;
    for (const part of ['request', 'reply'] as const) {
      const fit = both.schemas(before[part], after[part]);
      if (fit === 'same') continue;
      found.push({
        // What is journaled is read by whoever has the task.
        verdict: fit === 'both' ? 'rolling' : 'drain',
        subject: { kind: 'call', name },
        change: `its ${part} is ${both.schemaName(after[part])} of another version`,
        ...(fit === 'both' ? {} : { drains: journalsOf(both, name) }),
      });
    }
  }
  found.push(...compareEffects(both), ...newLogs(both));
  for (const [name, hash] of Object.entries(next.functions)) {
    const before = old.functions[name];
    if (before === undefined || before === hash) continue;
    found.push({
      verdict: 'rolling',
      subject: { kind: 'function', name },
      change: 'its code or what it imports has changed',
      cost: keepsRows(both, name) ? `${rowsStay}; ${otherReplay}` : otherReplay,
    });
  }
  if (!isSame(old.errors, next.errors)) {
    found.push({
      verdict: 'rolling',
      subject: { kind: 'application', name: next.application },
      change: 'failing records are treated in another way',
    });
  }
  return found;
}

/** What a repeat means: journaled requests may have been sent under the old meaning. */
function compareEffects(both: Comparison): Difference[] {
  return Object.entries(both.next.calls).flatMap(([name, after]): Difference[] => {
    const before = both.old.calls[name];
    if (before === undefined) return [];
    const [from, to] = [before.effect ?? defaultEffect, after.effect ?? defaultEffect];
    if (isSame(from, to)) return [];
    const subject = { kind: 'call', name } as const;
    const change = `its effect is ${effectText(to)} instead of ${effectText(from)}`;
    if (to.kind !== 'at-most-once') return [{ verdict: 'rolling', subject, change }];
    const cost = 'requests that are open may have been sent already, and would be sent again';
    return [{ verdict: 'drain', subject, change, cost, drains: journalsOf(both, name) }];
  });
}

function effectText(effect: CallEffect): string {
  if (effect.kind !== 'idempotent') return effect.kind;
  return `idempotent for ${durationText(effect.windowMs)}`;
}

/** Stages that both versions have, and whose outcomes only the new one logs. */
function newLogs({ old, next }: Comparison): Difference[] {
  return Object.entries(next.topics).flatMap(([name, topic]): Difference[] => {
    if (topic.role !== 'call-log' || old.topics[name] !== undefined) return [];
    const subject = { kind: 'topic', name } as const;
    return [{ verdict: 'rolling', subject, change: 'it is new', cost: 'from now on' }];
  });
}

/** True when a function works on stores that both versions have. */
function keepsRows({ old, next }: Comparison, name: string): boolean {
  const nodes = Object.values(next.nodes).filter(({ functions }) => functions.includes(name));
  return nodes.some(({ stores }) => stores.some((store) => old.stores[store] !== undefined));
}

/** Changelogs of the journals that hold open calls of a service. */
function journalsOf({ old }: Comparison, call: string): readonly string[] {
  const nodes = Object.values(old.nodes).filter((node) => node.functions.includes(call));
  const stores = nodes.flatMap((node) => node.stores).filter((name) => name.endsWith('-journal'));
  return stores.flatMap((name) => old.stores[name]?.changelog ?? []);
}
