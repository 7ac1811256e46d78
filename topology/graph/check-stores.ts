import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import type { GraphStage } from './graph.ts';

/** Reports declared stores that more than one stage may write. */
export function checkWriters(context: CheckContext, stages: ReadonlyMap<string, GraphStage>): void {
  const writers = new Map<string, string>();
  for (const stage of stages.values()) {
    const operator = stage.def.operator;
    if (operator.kind !== 'process') continue;
    (operator.stores ?? []).forEach((store, i) => {
      if (!Object.hasOwn(context.definition.stores, store)) return;
      const path = ['stages', stage.name, 'operator', 'stores', i];
      const writer = writers.get(store);
      if (writer === undefined) {
        writers.set(store, stage.name);
        return;
      }
      const message =
        writer === stage.name
          ? `store "${store}" is named twice`
          : `store "${store}" is written by "${writer}" already: one stage writes a store`;
      report(context, 'E072', path, message, {
        notes: [{ message: `"${writer}" is declared here`, path: ['stages', writer] }],
      });
    });
  }
}
