import type { CallFailureKind } from '../../call-handler.ts';

/** What a failed attempt to send a letter means. */
export type Verdict =
  | { readonly kind: 'refused'; readonly answer: string }
  | { readonly kind: 'failed'; readonly failure: CallFailureKind; readonly message: string };

/** How far the attempt was. */
export interface Progress {
  /** The letter itself was under way. */
  readonly begun: boolean;
  /** The time-out of the attempt was over. */
  readonly aborted: boolean;
}

/** What nodemailer says beside a message. */
interface SmtpError extends Error {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  /** The server's reply, 400 to 599; absent where it gave none. */
  readonly responseCode?: number;
}

/** Commands that are about this letter, not about whether the server talks to us. */
const aboutTheLetter = new Set(['MAIL FROM', 'RCPT TO', 'DATA']);

/**
 * A reply of the server is certain: with 5xx it never takes the letter, with 4xx it did not take it now (RFC 5321, 4.2.1). Without a reply all depends on whether the
 * letter was under way.
 */
export function verdictOf(error: unknown, { begun, aborted }: Progress): Verdict {
  const { message, command = '', response, responseCode } = error as SmtpError;
  if (responseCode !== undefined && responseCode >= 400) {
    const answer = response ?? message;
    if (responseCode >= 500 && aboutTheLetter.has(command)) return { kind: 'refused', answer };
    return failed('not-sent', `the mail server did not take the letter: ${answer}`);
  }
  if (!begun) return failed('not-sent', `the mail server was not reached: ${message}`);
  if (aborted) return failed('timeout', 'the mail server did not answer in time');
  return failed('unavailable', `the mail server went away before its answer: ${message}`);
}

function failed(failure: CallFailureKind, message: string): Verdict {
  return { kind: 'failed', failure, message };
}
