/**
 * Where a decoded message and the Java client's JSON of it differ, one text each; empty: they agree. Fields of
 * ours that the JSON lacks are those that the version does not have.
 */
export function differences(json: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(json)) {
    if (!Array.isArray(ours)) return [`${path}: no list`];
    if (json.length !== ours.length) return [`${path}: ${ours.length} items, not ${json.length}`];
    return json.flatMap((it, i) => differences(it, ours[i], `${path}[${i}]`));
  }
  if (Buffer.isBuffer(ours)) {
    // Records stand in the JSON as nothing; the bytes of the whole message are compared beside.
    if (path.endsWith('.records')) return [];
    const texts = [ours.toString('base64'), ours.toString('base64url')];
    return texts.includes(json as string) ? [] : [`${path}: other bytes`];
  }
  if (typeof json === 'object' && json !== null) {
    if (typeof ours !== 'object' || ours === null) return [`${path}: no structure`];
    const fields = ours as Readonly<Record<string, unknown>>;
    return Object.entries(json).flatMap(([name, value]) =>
      known(name) in fields
        ? differences(value, fields[known(name)], `${path}.${name}`)
        : [`${path}.${name}: not declared`],
    );
  }
  return Object.is(json, ours) ? [] : [`${path}: ${String(ours)}, not ${String(json)}`];
}

/** Kafka's names that speak of versions nobody here uses → ours. */
const renamed: Readonly<Record<string, string>> = {
  generationIdOrMemberEpoch: 'generationId',
  v3AndBelowTransactionalId: 'transactionalId',
  v3AndBelowProducerId: 'producerId',
  v3AndBelowProducerEpoch: 'producerEpoch',
  v3AndBelowTopics: 'topics',
  resultsByTopicV3AndBelow: 'resultsByTopic',
};

function known(name: string): string {
  return renamed[name] ?? name;
}
