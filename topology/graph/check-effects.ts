import { durationText } from '../core/duration.ts';
import type { CallEffect, CallOperatorDef } from '../definition/definition.ts';
import { defaultEffect } from '../definition/nodes/call-effect.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';

/** Reports what a call stage does that the effect of its call forbids, and parking that outlasts the window. */
export function checkEffect(
  context: CheckContext,
  operator: CallOperatorDef,
  path: readonly (string | number)[],
): void {
  const declared = context.definition.calls[operator.call];
  if (declared === undefined) return;
  const effect = declared.effect ?? defaultEffect;
  if (effect.kind === 'at-most-once') forbidRepeats(context, operator, path);
  if (effect.kind === 'idempotent') warnOfLongParking(context, { operator, effect, path });
}

function forbidRepeats(
  context: CheckContext,
  { call, retry, unknown }: CallOperatorDef,
  path: readonly (string | number)[],
): void {
  const notes = [
    { message: `"${call}" is at-most-once here`, path: ['calls', call, 'effect'] as const },
  ];
  if (retry.attempts !== 1 && retry.when.length > 0) {
    const message =
      `a request of "${call}" is never sent twice, but this stage repeats it after ` +
      retry.when.join(' and ');
    const suggestion = 'write "retry: { attempts: 1 }"';
    report(context, 'E083', [...path, 'retry', 'attempts'], message, { suggestion, notes });
  }
  if (unknown.park !== undefined) {
    const message = `a request of "${call}" is never sent twice, so it cannot be asked again`;
    const suggestion = `write "unknown: { out: ${unknown.out} }"`;
    report(context, 'E083', [...path, 'unknown', 'park'], message, { suggestion, notes });
  }
}

function warnOfLongParking(
  context: CheckContext,
  stage: {
    readonly operator: CallOperatorDef;
    readonly effect: Extract<CallEffect, { kind: 'idempotent' }>;
    readonly path: readonly (string | number)[];
  },
): void {
  const { operator, effect, path } = stage;
  const { park } = operator.unknown;
  if (park === undefined || park.afterMs * park.times <= effect.windowMs) return;
  const message =
    `asking again takes ${durationText(park.afterMs * park.times)}, but "${operator.call}" knows a key ` +
    `for ${durationText(effect.windowMs)} only: the rest waits for a person`;
  report(context, 'W053', [...path, 'unknown', 'park'], message, {
    suggestion: 'park for a shorter time, or fewer times',
  });
}
