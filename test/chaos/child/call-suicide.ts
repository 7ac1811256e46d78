import type { Ports } from '../../../runtime/app/application.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import { loaderTopic } from '../../../runtime/orders/loader-place.ts';
import type { Transaction, Transactor } from '../../../runtime/ports.ts';
import { callLogTopic, changelogTopic } from '../../../topology/core/names.ts';
import type { OwnStep } from '../calls/call-steps.ts';
import { withTransactor } from './wrap.ts';

/** Where in the calls of stage `charge` a process kills itself: at the so-manieth transaction that has such a step, from 1. */
export interface CallAmbush {
  readonly step: OwnStep;
  readonly at: number;
}

const journal = changelogTopic('orders', 'charge-journal');
const callLog = callLogTopic('orders', 'charge');

/** Ports with which this process kills itself at a step of a call; `struck` is told of the calls, right before. */
export function withCallSuicide(
  ports: Ports,
  ambush: CallAmbush | undefined,
  struck: (keys: readonly string[]) => void,
): Ports {
  if (ambush === undefined) return ports;
  let left = ambush.at;
  const strike = (keys: readonly string[]): void => {
    left -= 1;
    if (left > 0) return;
    struck(keys);
    process.kill(process.pid, 'SIGKILL');
  };
  const log = withTransactor(ports.log, (inner, slot) =>
    slot === loaderTopic ? inner : tasks(inner, ambush.step, strike),
  );
  return { ...ports, log };
}

function tasks(
  inner: Transactor,
  step: OwnStep,
  strike: (keys: readonly string[]) => void,
): Transactor {
  return {
    async commit(transaction, membership) {
      const keys = keysAt(step, transaction);
      if (keys.length > 0 && step.startsWith('before')) strike(keys);
      const result = await inner.commit(transaction, membership);
      if (keys.length > 0 && step.startsWith('after')) strike(keys);
      return result;
    },
    close: () => inner.close(),
  };
}

/** Idempotency keys of the calls that a transaction brings to a step. */
export function keysAt(step: OwnStep, { appends }: Pick<Transaction, 'appends'>): string[] {
  const ofOutcome = step === 'before-outcome' || step === 'after-outcome';
  const keys: string[] = [];
  const reader = new RecordBatchReader();
  for (const { topic, batch } of appends) {
    if (topic !== (ofOutcome ? callLog : journal)) continue;
    reader.open(batch);
    while (reader.next()) {
      const value = reader.value();
      if (value === null) continue;
      if (!ofOutcome) {
        if (isMarked(value) === (step === 'after-mark')) keys.push(keyOf(value));
      } else if (isReply(value)) keys.push(String(reader.key()));
    }
  }
  return keys;
}

/** Nobody answered a call that ended as unknown. */
function isReply(entry: Buffer): boolean {
  return (JSON.parse(entry.toString()) as { outcome: string }).outcome === 'reply';
}

/** Of an intent in the form of version 2: see `intent-codec.ts`. */
const markAt = 45;

function isMarked(intent: Buffer): boolean {
  if (intent[0] !== 2) throw new Error(`an intent of version ${intent[0]}`);
  return intent[markAt] === 1;
}

function keyOf(intent: Buffer): string {
  // Two texts, each after its length: the topic, then the key.
  const keyAt = markAt + 1 + 4 + intent.readInt32BE(markAt + 1);
  return intent.toString('utf8', keyAt + 4, keyAt + 4 + intent.readInt32BE(keyAt));
}
