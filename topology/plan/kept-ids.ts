import { compareText } from '../graph/sources.ts';

/** Ids of the sub-topologies of an earlier plan, with the topics that each one reads. */
export type PreviousIds = Readonly<Record<string, { readonly sourceTopics: readonly string[] }>>;

/**
 * Ids for groups of nodes, so that a task is called as it was before although a new stage's name
 * comes first: a group that reads topics of one earlier sub-topology alone, while no other group
 * does, keeps its id. What is left takes its own name, with a number where that is taken.
 */
export function keptIds(
  groups: readonly { readonly id: string; readonly topics: readonly string[] }[],
  previous: PreviousIds,
): readonly string[] {
  const owner = new Map<string, string>();
  for (const [id, { sourceTopics }] of Object.entries(previous)) {
    for (const topic of sourceTopics) owner.set(topic, id);
  }
  const claims = groups.map(({ topics }) => [
    ...new Set(topics.flatMap((topic) => owner.get(topic) ?? [])),
  ]);
  const kept = claims.map(([first, ...others]) => {
    if (first === undefined || others.length > 0) return undefined;
    return claims.filter((claim) => claim.includes(first)).length === 1 ? first : undefined;
  });
  const taken = new Set(kept);
  const order = groups.map((_, at) => at).sort((a, b) => compareText(idAt(a), idAt(b)));
  const ids = [...kept];
  for (const at of order) {
    if (ids[at] !== undefined) continue;
    let id = idAt(at);
    for (let number = 2; taken.has(id); number++) id = `${idAt(at)}-${number}`;
    taken.add(id);
    ids[at] = id;
  }
  return ids.map((id) => id ?? '');

  function idAt(at: number): string {
    return groups[at]?.id ?? '';
  }
}
