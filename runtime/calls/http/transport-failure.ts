import type { PeerCertificate } from 'node:tls';
import { CallFailure } from '../../../processors/call-handler.ts';
import { isStreamsError } from '../../../topology/core/errors.ts';
import type { TransportError } from './exchange.ts';

/** Where a failure happened, for its message. */
export interface FailurePlace {
  /** Name of the call. */
  readonly call: string;
  /** URL of the service. */
  readonly url: string;
  readonly timedOut: boolean;
}

/** An authority that is not trusted here. */
const strangerCodes: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Alerts by which a service ends a handshake: it has read no request. */
const handshakeAlert =
  /^ERR_SSL_\w*ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/;

interface TlsFailure {
  readonly code?: string;
  readonly cert?: PeerCertificate;
  /** OpenSSL's words. */
  readonly reason?: string;
}

/**
 * The failure of a call that got no answer: `not-sent` where nothing can have left, else `timeout` or `unavailable`. Its message says what to do where a person
 * has to.
 */
export function transportFailure(error: TransportError, place: FailurePlace): CallFailure {
  const { call, url, timedOut } = place;
  const cause = isStreamsError(error.cause) ? error : (error.cause ?? error);
  const code = (error.cause as TlsFailure | undefined)?.code ?? '';
  const service = `the service of call "${call}" (${url})`;
  if (!error.sent || handshakeAlert.test(code)) {
    const reason = cureOf(error, place) ?? error.message;
    return new CallFailure('not-sent', `${service} is not reached: ${reason}`, { cause });
  }
  if (timedOut) {
    return new CallFailure('timeout', `${service} did not answer in time`, { cause });
  }
  const words = code.startsWith('HPE_')
    ? `gave an answer that is no HTTP (${error.message})`
    : `went away without an answer: ${error.message}`;
  return new CallFailure('unavailable', `${service} ${words}`, { cause });
}

/** What to do about a certificate or a handshake; undefined: it is about neither. */
function cureOf({ cause }: TransportError, { call }: FailurePlace): string | undefined {
  const { code = '', cert, reason = code } = (cause ?? {}) as TlsFailure;
  const setting = `calls.${call}.tls`;
  if (strangerCodes.has(code)) {
    return `its certificate is of an authority that is not trusted here (${code}): name the authority's PEM file as ${setting}.ca`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = cert?.subjectaltname ?? 'other names';
    return `its certificate is for ${names}: mend the host in the url, or name one of these as ${setting}.servername`;
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return 'its certificate has expired: the service needs a new one (or the clock of this machine is wrong)';
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return 'its certificate is not valid yet: set the clock of this machine, if it is wrong';
  }
  if (handshakeAlert.test(code)) {
    return `it does not take this client (${reason}): look at ${setting}.cert and ${setting}.key`;
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `no TLS came about (${reason}): is there https at this port?`;
  }
  return undefined;
}
