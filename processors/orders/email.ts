import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Email, EmailReply } from '../../schemas/orders/mail.ts';
import { CallFailure } from '../call-handler.ts';
import type { CallContext, CallHandler } from '../call-handler.ts';
import { mailServerOf } from './mail/mail-server-url.ts';
import { messageIdOf } from './mail/message-id.ts';
import { SmtpSessions } from './mail/smtp-sessions.ts';
import type { SmtpSession } from './mail/smtp-sessions.ts';
import { verdictOf } from './mail/verdict.ts';

const sender = 'orders@shop.example';
let sessions: SmtpSessions | undefined;

/**
 * Sends an e-mail through the server that `SMTP_URL` names (`smtp://user:password@host:25`, `smtps://…`). All attempts have one Message-ID, made of the idempotency key.
 *
 * The reply is SENT when the server has taken the letter, REFUSED when it says that it never will (5xx).
 *
 * @throws {CallFailure} `not-sent` when there is no server, it does not let us in, or it says that it did not take the letter now (4xx); `timeout` and `unavailable`
 * when the letter was under way and no answer came: it may have arrived; `not-sent`, too, when `SMTP_URL` is missing or no URL: the letter waits until it is one
 */
export const email: CallHandler<Email, EmailReply> = async (request, context) => {
  const { signal, idempotencyKey } = context;
  const server = mailServerOf(process.env['SMTP_URL']);
  if (sessions === undefined || sessions.server.href !== server.href) {
    sessions?.close();
    sessions = new SmtpSessions(server);
  }
  const pool = sessions;
  const message = await compose(request, idempotencyKey);
  const session = await pool.take(signal);
  return new Delivery(session, context, pool).run(request.to, message);
};

function compose({ to, subject, text }: Email, idempotencyKey: string): Promise<Buffer> {
  const messageId = messageIdOf(idempotencyKey);
  return new MailComposer({ from: sender, to, subject, text, messageId }).compile().build();
}

/** One attempt over one session. */
class Delivery {
  readonly #session: SmtpSession;
  readonly #context: CallContext;
  readonly #pool: SmtpSessions;
  /** The letter itself is on its way: from here on only the server knows whether it has it. */
  #begun = false;

  constructor(session: SmtpSession, context: CallContext, pool: SmtpSessions) {
    this.#session = session;
    this.#context = context;
    this.#pool = pool;
  }

  async run(to: string, message: Buffer): Promise<EmailReply> {
    const { signal } = this.#context;
    const session = this.#session;
    const cancel = (): void => session.destroy();
    signal.addEventListener('abort', cancel);
    try {
      signal.throwIfAborted();
      const answer = await session.send({ from: sender, to }, this.#read(message));
      this.#pool.give(session);
      return { state: 'SENT', answer };
    } catch (error) {
      const verdict = verdictOf(error, { begun: this.#begun, aborted: signal.aborted });
      if (verdict.kind === 'refused') {
        await this.#goOn();
        return { state: 'REFUSED', answer: verdict.answer };
      }
      session.destroy();
      throw new CallFailure(verdict.failure, verdict.message, { cause: error });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** The session serves further letters, if the server lets it. */
  async #goOn(): Promise<void> {
    if (await this.#session.reset()) this.#pool.give(this.#session);
    else this.#session.destroy();
  }

  /** The message as a stream that is read when the server has asked for it. */
  #read(message: Buffer): Readable {
    return Readable.from(this.#parts(message));
  }

  *#parts(message: Buffer): Generator<Buffer> {
    this.#begun = true;
    yield message;
  }
}
