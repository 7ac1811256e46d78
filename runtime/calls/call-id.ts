/** Name of a call for people and commands: stage, partition of its task, sequence number. */
export function callId(stage: string, partition: number, sequence: number): string {
  return `${stage}/${partition}/${sequence}`;
}

/** What a {@link callId} names; undefined: it is none. */
export function callOf(
  id: string,
): { readonly stage: string; readonly partition: number; readonly sequence: number } | undefined {
  const [, stage, partition, sequence] = /^([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(id) ?? [];
  if (stage === undefined) return undefined;
  return { stage, partition: Number(partition), sequence: Number(sequence) };
}
