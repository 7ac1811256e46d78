import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/**
 * What a command says: data on standard output, everything else on standard error. A status line
 * exists on terminals only, and gives way to notes.
 */
export class Console {
  /** True where a person watches standard error. */
  readonly watched: boolean;
  private readonly out: Output;
  private readonly err: Output;
  private readonly input: Readable & { readonly isTTY?: boolean };
  private line = '';

  constructor(streams: {
    readonly out: Output;
    readonly err: Output;
    readonly input: Readable & { readonly isTTY?: boolean };
  }) {
    this.out = streams.out;
    this.err = streams.err;
    this.input = streams.input;
    this.watched = streams.err.isTTY === true;
  }

  /** Data. Resolves when more may be written: a slow reader is waited for. */
  async write(text: string): Promise<void> {
    if (this.out.write(text)) return;
    await new Promise<void>((resolve) => {
      this.out.once('drain', resolve);
    });
  }

  /** Text for people, whole lines. */
  note(text: string): void {
    const { line } = this;
    this.status('');
    this.err.write(text);
    this.status(line);
  }

  /** Replaces the status line; empty: takes it away. Nothing where nobody watches. */
  status(text: string): void {
    if (!this.watched || text === this.line) return;
    this.line = text;
    this.err.write(`\r\u001B[2K${text.slice(0, (this.err.columns || 80) - 1)}`);
  }

  /** Asks a yes-or-no question on the terminal; undefined where there is none to ask on. */
  async confirm(question: string): Promise<boolean | undefined> {
    if (!this.watched || this.input.isTTY !== true) return undefined;
    const reader = createInterface({ input: this.input, output: this.err });
    try {
      const answer = await reader.question(`${question} [y/N] `);
      return /^y(?:es)?$/i.test(answer.trim());
    } finally {
      reader.close();
    }
  }
}
