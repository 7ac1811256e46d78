import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../../../topology/plan/plan.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { Crew } from './crew.ts';

/** Without a commit for so long nothing goes on any more, ms. */
const patienceMs = 120_000;
/** Nor with commits that come to no end, of timers alone, ms. */
const mostMs = 240_000;
const sayEveryMs = 20_000;
const pollMs = 500;
/** So many looks in a row must find everybody at rest. */
const looks = 4;

/** Resolves when all members are at rest and have all tasks; with findings when nothing goes on before, or it does without an end. */
export async function awaitRest(
  crew: Crew,
  plan: Plan,
  print: (line: string) => void,
): Promise<readonly Finding[]> {
  const all = tasksOf(plan);
  const findings = new Findings('came-to-rest');
  let resting = 0;
  let commits = crew.commits;
  const beganMs = performance.now();
  const latestMs = beganMs + crew.limit.atMost(mostMs);
  let movedMs = beganMs;
  let saidMs = beganMs;
  while (resting < looks) {
    await sleep(pollMs);
    resting = isAtRest(crew, all) ? resting + 1 : 0;
    if (crew.commits > commits) {
      commits = crew.commits;
      movedMs = performance.now();
    }
    if (performance.now() - saidMs > sayEveryMs) {
      saidMs = performance.now();
      for (const member of crew.members) print(`not at rest: ${String(member)}`);
    }
    const now = performance.now();
    if (now - movedMs < patienceMs && now < latestMs) continue;
    for (const member of crew.members) findings.add(String(member));
    break;
  }
  return findings.list();
}

function isAtRest({ members }: Crew, all: readonly string[]): boolean {
  const statuses = members.map(({ status }) => status);
  const tasks = statuses.flatMap((status) => (status?.rest === true ? status.tasks : []));
  return statuses.every((status) => status?.rest) && tasks.toSorted().join() === all.join();
}

/** Ids of all tasks, sorted. */
export function tasksOf(plan: Plan): readonly string[] {
  return plan.subTopologies
    .flatMap(({ id, sourceTopics: [topic = ''] }) => {
      const { partitions = 0 } = plan.topics.get(topic) ?? {};
      return Array.from({ length: partitions }, (_, partition) => `${id}_${partition}`);
    })
    .toSorted();
}

/** The id of the task that reads an input, `topic/partition`. */
export function taskOfInput(plan: Plan): (input: string) => string {
  const readers = new Map(
    plan.subTopologies.flatMap(({ id, sourceTopics }) => sourceTopics.map((it) => [it, id])),
  );
  return (input) => {
    const at = input.lastIndexOf('/');
    return `${readers.get(input.slice(0, at))}_${input.slice(at + 1)}`;
  };
}
