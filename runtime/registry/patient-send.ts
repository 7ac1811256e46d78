import type {
  RegistryAnswer,
  RegistryRequest,
  SendToRegistry,
} from '../../schemas/registry/confluent-client.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { durationText } from '../../topology/core/duration.ts';
import { ConfigError, StorageError } from '../../topology/core/errors.ts';
import { pause } from '../pause.ts';
import type { HttpReply, HttpSend } from './http-transport.ts';

/** Waits between attempts, ms: full jitter below a ceiling that doubles from the first to the longest. */
const firstWaitMs = 100;
const longestWaitMs = 5000;

export interface PatientSendOptions {
  readonly send: HttpSend;
  /** Of the registry, for messages. */
  readonly url: string;
  readonly clock: Clock;
  /** Gives [0, 1). */
  readonly random: () => number;
  /** How long to try again, ms. */
  readonly patienceMs: number;
  /** Ends attempts and waits. */
  readonly signal: AbortSignal;
  /** Told once of each outage that lasts for more than a second. @defaultValue nobody is */
  readonly report?: ((message: string) => void) | undefined;
}

/** A failure that is over within this time is not spoken of, ms. */
const quietMs = 1000;

/**
 * Sends requests, and sends them again while there is no answer, or the answer is 429 or 5xx: after a wait with jitter, or as long as the registry asks for
 * with `Retry-After`. Every request of a registry may be sent twice. The function rejects with {@link StorageError} REGISTRY_UNAVAILABLE when the patience is
 * at an end, or the registry asks for more than is left of it, and with {@link ConfigError} REGISTRY_CERTIFICATE at once.
 */
export function patientSend(options: PatientSendOptions): SendToRegistry {
  const { clock, random, patienceMs, signal, url, report } = options;
  let told = false;
  return async (request) => {
    const startMs = clock.monotonic();
    for (let failures = 1; ; failures++) {
      const { answer, reason, cause, retryAfterMs } = await attempt(options, request);
      if (answer !== undefined) {
        told = false;
        return answer;
      }
      const leftMs = patienceMs - (clock.monotonic() - startMs);
      const ceiling = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 10));
      const waitMs = retryAfterMs ?? Math.ceil(random() * ceiling);
      if (signal.aborted || waitMs > leftMs) throw unavailable(url, reason, cause);
      if (!told && patienceMs - leftMs + waitMs > quietMs) {
        told = true;
        const time = durationText(patienceMs);
        report?.(
          `waiting for the schema registry at ${url}: ${reason}${reason.endsWith('?') ? '' : '.'} It is asked again for up to ${time}`,
        );
      }
      await pause(clock, waitMs, signal);
    }
  };
}

interface Attempt {
  /** Undefined: to be tried again. */
  readonly answer?: RegistryAnswer;
  readonly reason: string;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

async function attempt(
  { send, url, clock, signal }: PatientSendOptions,
  request: RegistryRequest,
): Promise<Attempt> {
  let reply: HttpReply;
  try {
    reply = await send(request, signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && certificateCodes.test(code)) {
      throw new ConfigError(
        'REGISTRY_CERTIFICATE',
        `the certificate of the schema registry at ${url} is not trusted here: ${message} (${code}). ` +
          'Name the PEM file of its authority as registry.tls.ca, or its name as registry.tls.servername',
        { cause: error },
      );
    }
    if (code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true) {
      return {
        reason: `it does not speak TLS there (${code}): is it http instead of https?`,
        cause: error,
      };
    }
    return { reason: code ?? message, cause: error };
  }
  const { status, body, retryAfter } = reply;
  if (status !== 429 && status < 500) return { answer: { status, body }, reason: '' };
  const said = (body as { readonly message?: unknown } | null | undefined)?.message;
  const reason = `it answers ${status}${typeof said === 'string' ? ` (${said})` : ''}`;
  return { reason, retryAfterMs: waitOf(retryAfter, clock) };
}

/** Seconds, or a date. */
function waitOf(retryAfter: string | undefined, clock: Clock): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const time = Date.parse(retryAfter);
  return Number.isNaN(time) ? undefined : Math.max(0, time - clock.now());
}

/** Certificates do not get better by waiting. */
const certificateCodes =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID)/;

function unavailable(url: string, reason: string, cause: unknown): StorageError {
  return new StorageError(
    'REGISTRY_UNAVAILABLE',
    `the schema registry at ${url} cannot be used: ${reason}${reason.endsWith('?') ? '' : '.'} Check that it runs and that registry.url is right`,
    { cause },
  );
}
