import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { CallContext, CallHandler } from '../../../processors/call-handler.ts';
import { jsonText } from '../../../schemas/json-value.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import { needsBody, replyOf } from './answer.ts';
import type { CompiledHttpCall } from './call-options.ts';
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
   * @throws {CallFailure}, {ProcessingError} CALL_REFUSED, CALL_REQUEST and {SerdeError} SERDE_ENCODE as {@link CallHandler} has it
   */
  readonly handler: CallHandler;
  private readonly agent: Agent;

  constructor(call: CompiledHttpCall, clock: Clock) {
    const kept = { keepAlive: true, maxFreeSockets: maxIdleConnections };
    const secure = call.destination.origin.startsWith('https:');
    const agent = secure ? new SecureAgent({ ...call.tls, ...kept }) : new Agent(kept);
    this.agent = agent;
    this.handler = async (request, context) => {
      const answer = await ask(call, request, { context, agent, clock });
      return replyOf(answer, {
        call,
        url: call.destination.shown,
        idempotencyKey: context.idempotencyKey,
        nowMs: clock.now(),
      });
    };
  }

  /** Closes its connections. */
  close(): void {
    this.agent.destroy();
  }
}

async function ask(
  call: CompiledHttpCall,
  request: unknown,
  at: { readonly context: CallContext; readonly agent: Agent; readonly clock: Clock },
): Promise<HttpAnswer> {
  const { idempotencyKey, signal } = at.context;
  const body = call.hasBody ? Buffer.from(jsonText(request)) : undefined;
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
