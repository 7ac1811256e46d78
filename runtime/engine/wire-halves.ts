import { isPrimitiveKey } from '../../schemas/index.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { WireHalves } from '../task/dead-letter.ts';

/** Which halves of a topic's records are Avro in the wire format: primitive keys are not, and neither are the changes of a re-grouped table. */
export function wireHalves(
  { topics, subTopologies }: Pick<Plan, 'topics' | 'subTopologies'>,
  topic: string,
): WireHalves {
  const { key, value, format } = topics.get(topic) ?? {};
  const changes = subTopologies.some(({ nodes }) =>
    nodes.some((node) => node.kind === 'source' && node.changes && node.topics.includes(topic)),
  );
  return {
    key: key !== undefined && !isPrimitiveKey(key),
    value: value !== undefined && format === 'avro' && !changes,
  };
}
