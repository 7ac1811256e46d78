import { readFileSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { ConfigError, StorageError } from '../../../topology/core/errors.ts';

/** One line of the ledger: a charge that was decided, and what was asked. */
export interface LedgerEntry {
  readonly key: string;
  readonly chargeId: string;
  readonly state: 'APPROVED' | 'DECLINED';
  readonly orderId: string;
  readonly customerId: string;
  readonly cents: number;
  readonly currency: string;
}

/** Sums over the ledger. `charges` and `cents` are those of approved charges. */
export interface LedgerTotals {
  readonly charges: number;
  readonly cents: number;
  readonly declined: number;
}

interface Waiting {
  readonly entry: LedgerEntry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What was charged, on disk: one JSON object a line, appended and synced before anybody learns of it. A line without its newline was never acknowledged
 * (the process or the machine stopped while it was written) and is cut off at the next start.
 */
export class Ledger {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #entries: Map<string, LedgerEntry>;
  readonly #waiting: Waiting[] = [];
  #totals: LedgerTotals;
  #length: number;
  #writing: Promise<void> | undefined;

  private constructor(file: string, handle: FileHandle, loaded: LoadedLedger) {
    this.#file = file;
    this.#handle = handle;
    this.#entries = loaded.entries;
    this.#length = loaded.length;
    this.#totals = { charges: 0, cents: 0, declined: 0 };
    for (const entry of loaded.entries.values()) this.#count(entry);
  }

  /**
   * Opens or creates the ledger and takes it: one process at a time.
   * @throws {ConfigError} LEDGER_OWNED while another process lives that opened it
   * @throws {ConfigError} LEDGER_UNREADABLE when the file cannot be opened or a whole line is no entry
   */
  static async open(file: string): Promise<Ledger> {
    await takeLock(file);
    try {
      const handle = await open(file, 'a').catch((cause: Error) => unusable(file, cause));
      try {
        const loaded = parseLedger(file, await readFile(file));
        await handle.truncate(loaded.length);
        return new Ledger(file, handle, loaded);
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      await rm(lockFile(file), { force: true });
      throw error;
    }
  }

  get totals(): LedgerTotals {
    return this.#totals;
  }

  /** The entry of an idempotency key, once it is on disk. */
  get(key: string): LedgerEntry | undefined {
    return this.#entries.get(key);
  }

  /** All entries, in the order in which they were written. */
  entries(): Iterable<LedgerEntry> {
    return this.#entries.values();
  }

  /**
   * Resolves when the entry is on disk. Entries that wait together share one sync.
   * @throws {StorageError} LEDGER_FULL when it could not be written: nothing of it is in the ledger
   */
  append(entry: LedgerEntry): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
    });
    this.#writing ??= this.#writeAll();
    return written;
  }

  /** Writes into the lock on which port the owner of this ledger is found: see {@link ledgerOwner}. */
  async announce(port: number): Promise<void> {
    await writeFile(lockFile(this.#file), `${process.pid} ${port}`);
  }

  /** Writes what waits, and gives the ledger back. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
    await rm(lockFile(this.#file), { force: true });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      const bytes = Buffer.from(group.map(({ entry }) => `${JSON.stringify(entry)}\n`).join(''));
      try {
        await this.#handle.appendFile(bytes);
        await this.#handle.datasync();
        this.#length += bytes.length;
        for (const { entry, resolve } of group) {
          this.#entries.set(entry.key, entry);
          this.#count(entry);
          resolve();
        }
      } catch (cause) {
        await this.#undo(group, cause);
      }
    }
    this.#writing = undefined;
  }

  /** Takes a group that was not synced off the disk again, so that its refusal is the truth. */
  async #undo(group: readonly Waiting[], cause: unknown): Promise<void> {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new StorageError(
      'LEDGER_FULL',
      `ledger "${this.#file}" cannot be written: ${reason}`,
      { cause },
    );
    try {
      await this.#handle.truncate(this.#length);
    } finally {
      for (const { reject } of group) reject(error);
    }
  }

  #count(entry: LedgerEntry): void {
    const { charges, cents, declined } = this.#totals;
    this.#totals =
      entry.state === 'APPROVED'
        ? { charges: charges + 1, cents: cents + entry.cents, declined }
        : { charges, cents, declined: declined + 1 };
  }
}

interface LoadedLedger {
  readonly entries: Map<string, LedgerEntry>;
  /** Bytes up to and including the last newline. */
  readonly length: number;
}

function parseLedger(file: string, bytes: Buffer): LoadedLedger {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const entries = new Map<string, LedgerEntry>();
  let start = 0;
  for (let line = 1; start < length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const entry = parseEntry(bytes.toString('utf8', start, end));
    if (entry === undefined) {
      throw new ConfigError(
        'LEDGER_UNREADABLE',
        `ledger "${file}" has no charge at line ${line}: restore it from a copy, or move it away to begin anew`,
      );
    }
    entries.set(entry.key, entry);
    start = end + 1;
  }
  return { entries, length };
}

function parseEntry(line: string): LedgerEntry | undefined {
  try {
    const entry = JSON.parse(line) as LedgerEntry;
    const whole = typeof entry.key === 'string' && Number.isSafeInteger(entry.cents);
    return whole && (entry.state === 'APPROVED' || entry.state === 'DECLINED') ? entry : undefined;
  } catch {
    return undefined;
  }
}

function unusable(file: string, cause: Error): never {
  const message = `ledger "${file}" cannot be used: ${cause.message}`;
  throw new ConfigError('LEDGER_UNREADABLE', message, { cause });
}

function lockFile(file: string): string {
  return `${file}.lock`;
}

/** The live process that has a ledger open, and its port once it listens; undefined if there is none. */
export async function ledgerOwner(
  file: string,
): Promise<{ readonly pid: number; readonly port: number | undefined } | undefined> {
  const text = await readFile(lockFile(file), 'utf8').catch(() => '');
  const [pid, port] = text.split(' ').map(Number);
  return pid !== undefined && isAlive(pid) ? { pid, port } : undefined;
}

async function takeLock(file: string): Promise<void> {
  const lock = lockFile(file);
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') unusable(file, cause as Error);
    const owner = await ledgerOwner(file);
    if (owner !== undefined && owner.pid !== process.pid) {
      throw new ConfigError(
        'LEDGER_OWNED',
        `ledger "${file}" belongs to process ${owner.pid}: stop it, name another ledger, or remove "${lock}" if that process is no provider`,
        { cause },
      );
    }
    await writeFile(lock, String(process.pid));
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** True for a process that ended and that nobody waited for, as in a container whose first process reaps none. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
