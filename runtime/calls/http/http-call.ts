import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { CallContext, CallHandler, CallLookup } from '../../../processors/call-handler.ts';
import { jsonText } from '../../../schemas/json-value.ts';
import { ProcessingError } from '../../../topology/core/errors.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import { type AnswerContext, findingOf, needsBody, replyOf } from './answer.ts';
import type { CompiledHttpCall, CompiledRequest } from './call-options.ts';
import { exchange, type HttpAnswer, TransportError } from './exchange.ts';
import { transportFailure } from './transport-failure.ts';

/** Of a body that is only shown in messages, this much is read. */
const shownBytes = 64 * 1024;
/** Connections that are kept while nobody needs them. */
const maxIdleConnections = 256;

/** A call that is made by HTTP: its handler, on connections that are kept. */
export class HttpCall {
  /**
   * Sends one request and reads its answer.
   * @throws {CallFailure}, and {ProcessingError} CALL_REQUEST where the record is at fault, as {@link CallHandler} has it
   */
  readonly handler: CallHandler;
  /** Asks what became of an earlier request; undefined where no look-up is set. */
  readonly lookup: CallLookup | undefined;
  private readonly agents: readonly Agent[];

  constructor(call: CompiledHttpCall, clock: Clock) {
    const own = agentFor(call);
    this.handler = async (request, context) => {
      const answer = await ask(call, request, { context, agent: own, clock });
      return replyOf(answer, answerContext(call, context, clock));
    };
    const { lookup } = call;
    if (lookup === undefined) {
      this.lookup = undefined;
      this.agents = [own];
      return;
    }
    const agent = agentFor(lookup);
    this.lookup = async (request, context) => {
      const answer = await ask(lookup, request, { context, agent, clock });
      return findingOf(answer, answerContext(lookup, context, clock));
    };
    this.agents = [own, agent];
  }

  /** Closes its connections. */
  close(): void {
    for (const agent of this.agents) agent.destroy();
  }
}

function agentFor({ destination, tls }: CompiledRequest): Agent {
  const kept = { keepAlive: true, maxFreeSockets: maxIdleConnections };
  const secure = destination.origin.startsWith('https:');
  return secure ? new SecureAgent({ ...tls, ...kept }) : new Agent(kept);
}

function answerContext(
  call: CompiledRequest,
  { idempotencyKey }: CallContext,
  clock: Clock,
): AnswerContext {
  return { call, url: call.destination.shown, idempotencyKey, nowMs: clock.now() };
}

async function ask(
  call: CompiledRequest,
  request: unknown,
  at: { readonly context: CallContext; readonly agent: Agent; readonly clock: Clock },
): Promise<HttpAnswer> {
  const { idempotencyKey, signal } = at.context;
  const body = call.hasBody ? bodyOf(call, request) : undefined;
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const key =
    call.idempotencyHeader === undefined ? {} : { [call.idempotencyHeader]: idempotencyKey };
  try {
    return await exchange({
      origin: call.destination.origin,
      path: call.destination.path(request, idempotencyKey),
      method: call.method,
      headers: { ...call.headers, ...length, ...key },
      body,
      agent: at.agent,
      signal,
      clock: at.clock,
      connectTimeoutMs: call.connectTimeoutMs,
      limitOf: (status) => (needsBody(call.outcomeOf(status)) ? call.maxReplyBytes : shownBytes),
    });
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const { call: name, destination } = call;
    throw transportFailure(error, { call: name, url: destination.shown, timedOut: signal.aborted });
  }
}

/** @throws {ProcessingError} CALL_REQUEST where JSON has no number for a part of it */
function bodyOf({ call }: CompiledRequest, request: unknown): Buffer {
  try {
    return Buffer.from(jsonText(request));
  } catch (error) {
    const { message } = error as Error;
    throw new ProcessingError('CALL_REQUEST', `the request of call "${call}": ${message}`, {
      cause: error,
    });
  }
}
