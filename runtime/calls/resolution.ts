import { fromPlain, toPlain } from '../plain-json.ts';
import type { CallResult } from './open-call.ts';

/** What a person decided about a call, as a record of `<application>-call-resolutions` says it. Its key is the call's id. */
export interface Resolution {
  /** See `callId`. */
  readonly call: string;
  readonly idempotencyKey: string;
  /** Progress of the call that is meant: tells it from one of the same id before a reset. */
  readonly sinceMs: number | undefined;
  readonly result: Extract<CallResult, { kind: 'reply' | 'unknown' }>;
  /** Why, for the call log. */
  readonly note: string;
}

interface ResolutionJson {
  readonly version: 1;
  readonly call: string;
  readonly idempotencyKey: string;
  readonly sinceMs: number | null;
  readonly reply?: unknown;
  readonly unknown?: string;
  readonly note: string;
}

/** Key and value of its record. */
export function encodeResolution(resolution: Resolution): {
  readonly key: Buffer;
  readonly value: Buffer;
} {
  const { call, idempotencyKey, sinceMs, result, note } = resolution;
  const json: ResolutionJson = {
    version: 1,
    call,
    idempotencyKey,
    sinceMs: sinceMs ?? null,
    ...(result.kind === 'reply' ? { reply: toPlain(result.reply) } : { unknown: result.reason }),
    note,
  };
  return { key: Buffer.from(call), value: Buffer.from(JSON.stringify(json)) };
}

/** The resolution in a record's value; undefined: it is none, or one of a later version. */
export function decodeResolution(value: Buffer | null): Resolution | undefined {
  try {
    const json = JSON.parse(String(value)) as ResolutionJson;
    if (json.version !== 1 || typeof json.call !== 'string') return undefined;
    const { call, idempotencyKey, sinceMs, reply, unknown, note } = json;
    return {
      call,
      idempotencyKey,
      sinceMs: sinceMs ?? undefined,
      result:
        unknown === undefined
          ? { kind: 'reply', reply: fromPlain(reply) }
          : { kind: 'unknown', reason: unknown },
      note,
    };
  } catch {
    return undefined;
  }
}
