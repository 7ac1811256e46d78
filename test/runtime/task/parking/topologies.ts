import { map } from 'rxjs';
import type { ProcessStage, StreamRecord } from '../../../../processors/index.ts';
import type { TopicRecord } from '../../../../runtime/testing/index.ts';
import type { Definition, ParkByKey } from '../../../../topology/index.ts';
import { errorHeaders, oneStage } from '../../topology.ts';

export type Num = StreamRecord<string, number>;
export type NumStage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

/** {@link oneStage}, whose failing records park their keys. */
export function parkingStage(parkByKey: Partial<ParkByKey> = {}, beside = ''): Definition {
  const definition = oneStage(beside);
  const policy = {
    deadLetter: 'one.dead-letters',
    parkByKey: { most: 10_000, whenFull: 'wait', ...parkByKey } as const,
  };
  return { ...definition, errors: { default: policy } };
}

/** A stage that throws at the values in `bad`, as long as they are in there. */
export function failing(bad: ReadonlySet<number>): NumStage {
  return (inputs) => ({
    out: inputs.in.pipe(
      map((it) => {
        if (bad.has(it.value)) throw new Error(`not ${it.value}`);
        return it;
      }),
    ),
  });
}

/** Records of these values, all with one key. */
export function numbers(key: string, ...values: readonly number[]) {
  return values.map((value) => ({ key, value, time: value }));
}

/** What dead letters are of: offset of the record, and the failure that parks its key, if it does. */
export function failures(letters: readonly TopicRecord[]): readonly string[] {
  return letters.map((it) => {
    const { offset, parked = 'not parked' } = errorHeaders(it);
    return `${offset}: ${parked}`;
  });
}
