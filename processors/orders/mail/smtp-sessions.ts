import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { CallFailure } from '../../call-handler.ts';
import type { MailServer } from './mail-server-url.ts';
import { verdictOf } from './verdict.ts';

const maxIdle = 16;

/** Open sessions with one mail server: taken for one letter at a time, kept for the next. What idles keeps no process alive. */
export class SmtpSessions {
  readonly server: MailServer;
  readonly #idle: SmtpSession[] = [];
  #closed = false;

  constructor(server: MailServer) {
    this.server = server;
  }

  /**
   * An idle session, or a new one.
   * @throws {CallFailure} `not-sent` when the server is not there, or lets nobody in
   */
  async take(signal: AbortSignal): Promise<SmtpSession> {
    for (;;) {
      const session = this.#idle.pop();
      if (session === undefined) return SmtpSession.open(this.server, signal);
      if (session.usable) {
        session.hold();
        return session;
      }
    }
  }

  /** Gives a session back that can be used again. */
  give(session: SmtpSession): void {
    if (this.#closed || this.#idle.length >= maxIdle || !session.usable) {
      session.destroy();
      return;
    }
    session.rest();
    this.#idle.push(session);
  }

  /** Ends the idle sessions; those that are taken end when they are given back. */
  close(): void {
    this.#closed = true;
    for (const session of this.#idle.splice(0)) session.destroy();
  }
}

/** One conversation with a mail server, logged in. */
export class SmtpSession {
  readonly #socket: Socket;
  readonly #connection: SMTPConnection;
  #usable = true;

  private constructor(socket: Socket, connection: SMTPConnection) {
    this.#socket = socket;
    this.#connection = connection;
    const over = (): void => {
      this.#usable = false;
    };
    // What waits for an answer learns of an error by its callback; an idle session just ends.
    connection.on('error', over);
    connection.on('end', over);
    socket.on('close', over);
  }

  /** @throws {CallFailure} `not-sent` */
  static async open(server: MailServer, signal: AbortSignal): Promise<SmtpSession> {
    const { host, port, secure, login } = server;
    const socket = connect({ host, port });
    const cancel = (): void => {
      socket.destroy(new Error('it took too long'));
    };
    signal.addEventListener('abort', cancel);
    try {
      signal.throwIfAborted();
      await connected(socket);
      const connection = new SMTPConnection({ connection: socket, host, secure });
      const session = new SmtpSession(socket, connection);
      await ended((done) => {
        connection.once('error', done);
        connection.connect(done);
      });
      if (login !== undefined) await ended((done) => connection.login(login, done));
      return session;
    } catch (error) {
      socket.destroy();
      const verdict = verdictOf(error, { begun: false, aborted: signal.aborted });
      const message = verdict.kind === 'failed' ? verdict.message : verdict.answer;
      throw new CallFailure('not-sent', message, { cause: error });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** False once the conversation is over. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Sends one letter; gives the server's answer. `message` is read when the server has asked for it. */
  send(
    envelope: { readonly from: string; readonly to: string },
    message: Readable,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#connection.send(envelope, message, (error, info) => {
        if (error) reject(error);
        else resolve(info.response);
      });
    });
  }

  /** Leaves a letter that was refused behind; false if that does not work. */
  async reset(): Promise<boolean> {
    if (!this.#usable) return false;
    return ended((done) => this.#connection.reset(done)).then(
      () => true,
      () => false,
    );
  }

  /** In use: keeps the process alive. */
  hold(): void {
    this.#socket.ref();
  }

  /** Idle: does not. */
  rest(): void {
    this.#socket.unref();
  }

  /** Ends it at once; a letter under way fails. */
  destroy(): void {
    this.#usable = false;
    // Not by the connection's `close`: that forgets who waits for an answer.
    this.#socket.destroy(new Error('given up'));
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // Until the conversation has its own listener, and behind its end.
      socket.on('error', () => {});
      resolve();
    });
  });
}

function ended(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
