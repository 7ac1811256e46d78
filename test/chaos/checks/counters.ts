import { newOutcomes } from '../../../processors/outcomes.ts';
import type { Outcomes } from '../../../processors/outcomes.ts';
import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';

/**
 * The counters of the control records add up: each node took as many as it let go, each source
 * counted what the trace says it took, each topic holds what its sinks count (E5).
 */
export function checkCounters(evidence: Evidence): readonly Finding[] {
  const findings = new Findings('counters');
  for (const [task, { outcomes }] of evidence.controls) {
    for (const [node, counts] of Object.entries(outcomes)) {
      const all = { ...newOutcomes(), ...counts };
      if (all.in !== ends(all)) findings.add(`${task} ${node}: ${all.in} in, ${ends(all)} let go`);
    }
  }
  checkSources(evidence, findings);
  checkSinks(evidence, findings);
  return findings.list();
}

function ends(counts: Outcomes): number {
  const { emitted, filtered, absorbed, late, nullKey, nullValue, unmatched } = counts;
  const dropped = filtered + absorbed + late + nullKey + nullValue + unmatched;
  return emitted + dropped + counts.duplicate + counts.deadLettered + counts.parked;
}

function checkSources({ plan, trace, controls }: Evidence, findings: Findings): void {
  const taken = new Map<string, number>();
  for (const { task, topic } of trace) {
    taken.set(`${task} ${topic}`, (taken.get(`${task} ${topic}`) ?? 0) + 1);
  }
  for (const [task, { outcomes }] of controls) {
    const nodes = plan.subTopologies.find(({ id }) => task.startsWith(`${id}_`))?.nodes ?? [];
    for (const node of nodes) {
      if (node.kind !== 'source') continue;
      const counted = outcomes[node.name]?.in ?? 0;
      const took = node.topics.reduce(
        (sum, topic) => sum + (taken.get(`${task} ${topic}`) ?? 0),
        0,
      );
      if (counted !== took) findings.add(`${task} ${node.name}: ${counted} in, took ${took}`);
    }
  }
}

function checkSinks({ plan, topics, controls }: Evidence, findings: Findings): void {
  const written = new Map<string, number>();
  for (const node of plan.subTopologies.flatMap(({ nodes }) => nodes)) {
    if (node.kind !== 'sink' || node.topic === undefined) continue;
    for (const { outcomes } of controls.values()) {
      const out = outcomes[node.name]?.out ?? 0;
      written.set(node.topic, (written.get(node.topic) ?? 0) + out);
    }
  }
  for (const [topic, counted] of written) {
    const records = (topics.get(topic) ?? []).flat().length;
    if (records !== counted) findings.add(`${topic}: ${records} records, sinks count ${counted}`);
  }
}

/**
 * placed − duplicates = rejected + short + paid + declined + unknown + dead-lettered, exactly, from
 * topics and control records; nothing is in flight.
 */
export function checkConservation(
  evidence: Evidence,
  states: ReadonlyMap<string, readonly string[]>,
): readonly Finding[] {
  const findings = new Findings('conservation');
  const placed = (evidence.topics.get('orders.placed') ?? []).flat().length;
  let duplicates = 0;
  let deadLetters = 0;
  for (const { outcomes } of evidence.controls.values()) {
    duplicates += outcomes['once']?.duplicate ?? 0;
    deadLetters += outcomes['once']?.deadLettered ?? 0;
    deadLetters += outcomes['placed']?.deadLettered ?? 0;
  }
  const ended = [...states.values()].reduce((sum, all) => sum + all.length, 0);
  if (placed - duplicates !== ended + deadLetters) {
    const right = `${ended} ended + ${deadLetters} dead letters`;
    findings.add(`${placed} placed − ${duplicates} duplicates is not ${right}`);
  }
  return findings.list();
}
