import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import avsc from 'avsc';
import type { Schema, Type } from 'avsc';
import { ConfigError } from '../../topology/core/errors.ts';

/** A place in a container file: the byte at which a block begins, and how many of its records are done. */
export interface FilePlace {
  readonly block: number;
  readonly index: number;
}

/** Some records in a row, and the place behind them. */
export interface FileChunk<T> {
  readonly values: readonly T[];
  readonly next: FilePlace;
}

const inflate = promisify(inflateRaw) as (bytes: Buffer) => Promise<Buffer>;
const syncBytes = 16;
const readBytes = 64 * 1024;

/**
 * Reads an Avro object container file (codecs null and deflate) from any place, one block in memory at a time. Records are resolved to the reader's schema.
 *
 * Source: Avro 1.12 specification, "Object Container Files".
 */
export class ContainerFile<T> {
  readonly path: string;
  /** The sync marker, hexadecimal: the same for copies of the file, another for every other file. */
  readonly identity: string;
  /** Where the first block begins. */
  readonly start: FilePlace;
  readonly #handle: FileHandle;
  readonly #header: Header;
  readonly #reader: Type;
  readonly #resolver: object;

  private constructor(path: string, handle: FileHandle, header: Header, reader: Type) {
    this.path = path;
    this.identity = header.sync.toString('hex');
    this.start = { block: header.end, index: 0 };
    this.#handle = handle;
    this.#header = header;
    this.#reader = reader;
    this.#resolver = createResolver(path, header, reader);
  }

  /**
   * Opens a file whose records can be read as `schema` (a parsed `.avsc`).
   * @throws {ConfigError} INPUT_FILE when it cannot be opened, is no container file, has another codec, or has records of another schema
   */
  static async open<T>(path: string, schema: Schema): Promise<ContainerFile<T>> {
    const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'ENOENT' ? 'does not exist' : `cannot be opened (${cause.message})`;
      throw new ConfigError('INPUT_FILE', `file "${path}" ${reason}`, { cause });
    });
    try {
      const reader = avsc.Type.forSchema(schema);
      return new ContainerFile<T>(path, handle, await readHeader(path, handle), reader);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * The records from `place` on, in chunks of at most `maxRecords`. A chunk never spans two blocks.
   * @throws {ConfigError} INPUT_FILE naming the byte where the file is damaged or ends too early
   */
  async *chunks(place: FilePlace, maxRecords: number): AsyncGenerator<FileChunk<T>> {
    const { index } = place;
    let skip = index;
    let at = place.block;
    for (;;) {
      const block = await this.#readBlock(at);
      if (block === undefined) return;
      let position = 0;
      let done = 0;
      while (done < block.count) {
        const values: T[] = [];
        while (done < block.count && values.length < maxRecords) {
          const record = this.#decode(block.bytes, position, at);
          position = record.offset;
          done += 1;
          if (done > skip) values.push(record.value);
        }
        const ends = done === block.count;
        const next = ends ? { block: block.end, index: 0 } : { block: at, index: done };
        if (values.length > 0) yield { values, next };
      }
      at = block.end;
      skip = 0;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #decode(bytes: Buffer, position: number, block: number): { value: T; offset: number } {
    try {
      const decoded: { value: T; offset: number } = this.#reader.decode(
        bytes,
        position,
        this.#resolver,
      );
      if (decoded.offset >= 0) return decoded;
    } catch (cause) {
      throw damaged(this.path, block, cause);
    }
    throw damaged(this.path, block);
  }

  /** The block at a byte, or undefined at the end of the file. */
  async #readBlock(at: number): Promise<Block | undefined> {
    const head = await readAt(this.#handle, at, 20);
    if (head.length === 0) return undefined;
    const cursor = new Cursor(head);
    const count = cursor.long();
    const size = cursor.long();
    if (count === undefined || size === undefined || count < 0 || size < 0) {
      throw damaged(this.path, at);
    }
    const body = await readAt(this.#handle, at + cursor.position, size + syncBytes);
    if (body.length < size + syncBytes || !body.subarray(size).equals(this.#header.sync)) {
      throw damaged(this.path, at);
    }
    const end = at + cursor.position + size + syncBytes;
    const stored = body.subarray(0, size);
    if (this.#header.codec === 'null') return { count, bytes: stored, end };
    const bytes = await inflate(stored).catch((cause: unknown) => {
      throw damaged(this.path, at, cause);
    });
    return { count, bytes, end };
  }
}

interface Block {
  readonly count: number;
  readonly bytes: Buffer;
  /** Byte at which the next block begins. */
  readonly end: number;
}

interface Header {
  readonly schema: string;
  readonly codec: 'null' | 'deflate';
  readonly sync: Buffer;
  readonly end: number;
}

async function readHeader(path: string, handle: FileHandle): Promise<Header> {
  for (let bytes = readBytes; ; bytes *= 4) {
    const head = await readAt(handle, 0, bytes);
    if (!head.subarray(0, 4).equals(Buffer.from('Obj\x01', 'latin1'))) {
      throw new ConfigError('INPUT_FILE', `file "${path}" is no Avro object container file`);
    }
    const header = parseHeader(path, head);
    if (header !== undefined) return header;
    if (head.length < bytes) throw damaged(path, head.length);
  }
}

/** The header, or undefined if it is longer than `head`. */
function parseHeader(path: string, head: Buffer): Header | undefined {
  const cursor = new Cursor(head, 4);
  const metadata = new Map<string, string>();
  for (;;) {
    const items = cursor.long();
    if (items === undefined) return undefined;
    if (items === 0) break;
    // A negative count is followed by the size of the items in bytes.
    if (items < 0 && cursor.long() === undefined) return undefined;
    for (let i = 0; i < Math.abs(items); i++) {
      const name = cursor.bytes();
      const value = cursor.bytes();
      if (name === undefined || value === undefined) return undefined;
      metadata.set(name.toString('utf8'), value.toString('utf8'));
    }
  }
  const sync = cursor.take(syncBytes);
  if (sync === undefined) return undefined;
  const codec = metadata.get('avro.codec') ?? 'null';
  const schema = metadata.get('avro.schema');
  if (schema === undefined) throw damaged(path, 0);
  if (codec !== 'null' && codec !== 'deflate') {
    throw new ConfigError(
      'INPUT_FILE',
      `file "${path}" is compressed with "${codec}": write it with codec deflate or null`,
    );
  }
  return { schema, codec, sync: Buffer.from(sync), end: cursor.position };
}

function createResolver(path: string, header: Header, reader: Type): object {
  try {
    const writer = avsc.Type.forSchema(JSON.parse(header.schema) as Schema);
    return reader.createResolver(writer);
  } catch (cause) {
    throw new ConfigError(
      'INPUT_FILE',
      `file "${path}" has records that cannot be read as ${reader.name}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function readAt(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { size } = await handle.stat();
  const wanted = Math.max(0, Math.min(bytes, size - position));
  const buffer = Buffer.allocUnsafe(wanted);
  let done = 0;
  while (done < wanted) {
    const { bytesRead } = await handle.read(buffer, done, wanted - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

function damaged(path: string, at: number, cause?: unknown): ConfigError {
  const message = `file "${path}" is damaged or ends too early at byte ${at}: get a fresh copy`;
  return new ConfigError('INPUT_FILE', message, { cause });
}

/** Reads Avro's longs and bytes; undefined where the buffer ends first. */
class Cursor {
  readonly #buffer: Buffer;
  position: number;

  constructor(buffer: Buffer, position = 0) {
    this.#buffer = buffer;
    this.position = position;
  }

  long(): number | undefined {
    let unsigned = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#buffer[this.position];
      if (byte === undefined) return undefined;
      this.position += 1;
      unsigned += (byte & 0x7f) * scale;
      if (byte < 0x80) return unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2;
      scale *= 128;
    }
    return undefined;
  }

  bytes(): Buffer | undefined {
    const length = this.long();
    return length === undefined || length < 0 ? undefined : this.take(length);
  }

  take(length: number): Buffer | undefined {
    if (this.position + length > this.#buffer.length) return undefined;
    this.position += length;
    return this.#buffer.subarray(this.position - length, this.position);
  }
}
