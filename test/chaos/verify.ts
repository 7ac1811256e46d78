import { checkConservation, checkCounters } from './checks/counters.ts';
import { checkLedger } from './checks/ledger.ts';
import { checkOutput } from './checks/output.ts';
import { checkStates, statesOf } from './checks/states.ts';
import { checkStoresAgainstChangelogs, checkStoresAgainstModel } from './checks/stores.ts';
import { checkTakenOnce } from './checks/taken-once.ts';
import type { Evidence } from './evidence.ts';
import type { Finding } from './finding.ts';
import type { Answer } from './model/charge-task.ts';
import { runModel } from './model/run-model.ts';

/**
 * All that is wrong with what a run left behind. The run must have come to its end: everything
 * read, no call open, everything closed.
 *
 * `answerTo` tells how the provider answered a key; without it, what its ledger says.
 */
export function verify(
  evidence: Evidence,
  answerTo: (idempotencyKey: string) => Answer | undefined = answersOf(evidence),
): readonly Finding[] {
  const models = runModel(evidence, answerTo);
  const states = statesOf(evidence);
  return [
    ...checkTakenOnce(evidence),
    ...checkOutput(evidence, models),
    ...checkStates(evidence),
    ...checkStoresAgainstChangelogs(evidence),
    ...checkStoresAgainstModel(evidence, models),
    ...checkCounters(evidence),
    ...checkConservation(evidence, states),
    ...checkLedger(evidence, states),
  ];
}

function answersOf({ ledger }: Evidence): (idempotencyKey: string) => Answer | undefined {
  const answers = new Map(ledger.map(({ key, state }) => [key, state as Answer]));
  return (key) => answers.get(key);
}
