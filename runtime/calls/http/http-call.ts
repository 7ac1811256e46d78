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

interface Prepared {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/**
 * All that is sent.
 * @throws {ProcessingError} CALL_REQUEST where the record does not make a request
 */
function prepare(call: CompiledRequest, request: unknown, key: string): Prepared {
  const { idempotencyHeader, destination, hasBody } = call;
  try {
    // Services take an empty key for none at all: every attempt would be a request of its own.
    if (key === '') throw new Error('its idempotency key is empty');
    const body = hasBody ? Buffer.from(jsonText(request)) : undefined;
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const sent = idempotencyHeader === undefined ? {} : { [idempotencyHeader]: headerKey(key) };
    const headers = { ...call.headers, ...length, ...sent };
    return { path: destination.path(request, key), headers, body };
  } catch (error) {
    throw new ProcessingError(
      'CALL_REQUEST',
      `no request can be made for call "${call.call}": ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** A key as a header carries it: what a header cannot, and `%`, percent-encoded, so that two keys stay two. */
function headerKey(key: string): string {
  return key.replace(/[^!-$&-~]/gu, (character) =>
    Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}

async function ask(
  call: CompiledRequest,
  request: unknown,
  at: { readonly context: CallContext; readonly agent: Agent; readonly clock: Clock },
): Promise<HttpAnswer> {
  const { idempotencyKey, signal } = at.context;
  const prepared = prepare(call, request, idempotencyKey);
  try {
    return await exchange({
      ...prepared,
      origin: call.destination.origin,
      method: call.method,
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
