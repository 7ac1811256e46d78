import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A letter that the server took. */
export interface BookedMail {
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  /** Of the whole message. */
  readonly bytes: number;
}

/**
 * What a mail server took, in a file: one JSON object a line, in the order of arrival; a letter that came twice is there twice. A line is written before the sender
 * learns that the letter was taken; it is not forced to the disk, so a machine that loses power may lose the last ones.
 */
export class MailBook {
  readonly #handle: FileHandle;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Opens or creates the book. What a crash left of a line is cut off. */
  static async open(file: string): Promise<MailBook> {
    const handle = await open(file, 'a');
    const bytes = await readFile(file);
    await handle.truncate(bytes.lastIndexOf(0x0a) + 1);
    return new MailBook(handle);
  }

  /** Resolves when the line is written. */
  append(mail: BookedMail): Promise<void> {
    const written = this.#last.then(() => this.#handle.appendFile(`${JSON.stringify(mail)}\n`));
    this.#last = written.catch(() => {});
    return written;
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    await this.#last;
    await this.#handle.close();
  }
}

/** The letters of a book, also of one that is being written; none where there is no such file. */
export async function readMailBook(file: string): Promise<readonly BookedMail[]> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const whole = bytes.toString('utf8', 0, bytes.lastIndexOf(0x0a) + 1);
  const lines = whole.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as BookedMail);
}
