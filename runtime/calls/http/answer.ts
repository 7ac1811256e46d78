import {
  CallFailure,
  type CallFailureKind,
  type CallFinding,
} from '../../../processors/call-handler.ts';
import type { CompiledOutcome, CompiledRequest } from './call-options.ts';
import type { HttpAnswer, HttpBody } from './exchange.ts';

/** An answer beside what the call knows. */
export interface AnswerContext {
  readonly call: Pick<CompiledRequest, 'call' | 'readReply' | 'maxReplyBytes' | 'outcomeOf'>;
  readonly url: string;
  readonly idempotencyKey: string;
  /** Wall clock, ms: a `Retry-After` may be a date. */
  readonly nowMs: number;
}

/** However long a service wants to be left alone, it is asked again after this, ms. */
const longestRetryAfterMs = 300_000;
const excerptLength = 200;

/**
 * What an answer means: the reply.
 * @throws {CallFailure} where it is none, saying whether anything may have happened
 */
export function replyOf(answer: HttpAnswer, context: AnswerContext): unknown {
  const outcome = context.call.outcomeOf(answer.status);
  switch (outcome.kind) {
    case 'fixed':
      return outcome.reply;
    case 'reply':
      return bodyReply(answer, context);
    case 'absent':
      throw failure('unknown', answer, context);
    default:
      throw failure(outcome.kind, answer, context);
  }
}

/**
 * What the answer to a look-up says.
 * @throws {CallFailure} where it says nothing
 */
export function findingOf(answer: HttpAnswer, context: AnswerContext): CallFinding {
  const { kind } = context.call.outcomeOf(answer.status);
  if (kind === 'absent' || kind === 'in-progress') return kind;
  return { found: replyOf(answer, context) };
}

/** True where the body of an answer is its reply, so that all of it is needed. */
export function needsBody(outcome: CompiledOutcome): boolean {
  return outcome.kind === 'reply';
}

function saying({ status }: HttpAnswer, { call, url, idempotencyKey }: AnswerContext): string {
  return `the service of call "${call.call}" (${url}) answered ${status} to "${idempotencyKey}"`;
}

function failure(kind: CallFailureKind, answer: HttpAnswer, context: AnswerContext): CallFailure {
  const { status, headers, body } = answer;
  const said = saying(answer, context);
  const { location } = headers;
  if (status >= 300 && status < 400 && location !== undefined) {
    const where = location.split('?')[0];
    return new CallFailure(
      kind,
      `${said}, a redirection to ${where}, which is not followed: if it is right, write it as the url`,
    );
  }
  const retryAfterMs = retryAfter(headers['retry-after'], context.nowMs);
  const hint =
    status === 401 || status === 407 ? `: look at calls.${context.call.call}.auth` : excerpt(body);
  return new CallFailure(kind, said + hint, retryAfterMs === undefined ? {} : { retryAfterMs });
}

function bodyReply(answer: HttpAnswer, context: AnswerContext): unknown {
  const { body, headers } = answer;
  const { call } = context;
  const said = saying(answer, context);
  if (body.kind === 'cut') {
    const message = `${said}, and the connection broke in the answer`;
    throw new CallFailure('unavailable', message, { cause: body.cause });
  }
  const unknown = (reason: string, cause?: unknown): CallFailure =>
    new CallFailure('unknown', `${said}, ${reason}`, { cause });
  if (body.kind === 'too-large') {
    throw unknown(`with more than ${call.maxReplyBytes} bytes, which max-reply allows`);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw unknown(`compressed (${encoding}), which it was not asked for`);
  }
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(body.bytes));
  } catch (error) {
    throw unknown(`which is no JSON${excerpt(body)}`, error);
  }
  try {
    return call.readReply(json);
  } catch (error) {
    throw unknown(`which is no reply: ${(error as Error).message}`, error);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The beginning of a body, for a message. */
function excerpt({ bytes }: HttpBody): string {
  const text = bytes.subarray(0, 4 * excerptLength).toString('utf8');
  const short = text.replace(/[\s\p{Cc}\ufffd]+/gu, ' ').trim();
  if (short === '') return '';
  return `: ${short.length > excerptLength ? `${short.slice(0, excerptLength - 1)}…` : short}`;
}

/** ms of a `Retry-After`, which is seconds or a date; undefined: there is none that says anything. */
function retryAfter(written: string | undefined, nowMs: number): number | undefined {
  if (written === undefined) return undefined;
  const ms = /^\d+$/.test(written) ? Number(written) * 1000 : Date.parse(written) - nowMs;
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.min(ms, longestRetryAfterMs);
}
