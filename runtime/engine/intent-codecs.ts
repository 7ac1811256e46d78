import type { Plan, StageNode } from '../../topology/plan/plan.ts';
import { IntentCodec } from '../calls/intent-codec.ts';
import type { Serdes, SerdeUse } from './serdes.ts';

/** The codec of a call stage's journal. With 'read' it only decodes, and nothing is registered. */
export async function intentCodec(
  plan: Pick<Plan, 'application' | 'calls'>,
  node: StageNode,
  serdes: Serdes,
  use: SerdeUse,
): Promise<IntentCodec> {
  const { operator } = node;
  if (operator.kind !== 'call') throw new TypeError(`${node.name} is no call`);
  const call = plan.calls.get(operator.call);
  const input = Object.values(node.inputTypes)[0];
  if (call === undefined || input === undefined) throw new TypeError(`no call ${operator.call}`);
  const subject = `${plan.application}-${node.name}-journal`;
  return new IntentCodec(
    await serdes.key(`${subject}-input`, input.key, use),
    await serdes.value(`${subject}-input`, input.value, 'avro', use),
    await serdes.value(`${subject}-request`, call.request, 'avro', use),
  );
}
