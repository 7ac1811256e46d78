import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../../../topology/core/clock.ts';
import { isStreamsError } from '../../../topology/core/errors.ts';
import { dataLayout } from '../../embedded/layout.ts';
import { thisProcess } from '../../embedded/process-identity.ts';
import { makeFolder } from '../../mapped/make-folder.ts';
import type { PastFailure } from '../runner/supervisor.ts';
import type { RunnerState } from '../runner/runner-state.ts';
import type { Running } from '../runner/startable.ts';
import type { FailureStatus, MemberStatus } from './member-status.ts';
import { isLive, parseStatus, statusFilesOf } from './status-files.ts';

/** How often figures are written, ms. */
export const statusEveryMs = 1000;

/** What is written of an application: a supervisor has it. */
export interface StatusSource {
  readonly name: string;
  readonly file: string;
  readonly state: RunnerState;
  readonly sinceMs: number;
  readonly restarts: number;
  readonly nextStartMs: number | undefined;
  readonly lastFailure: PastFailure | undefined;
  readonly running: Pick<Running, 'pid' | 'endpoint' | 'figures'> | undefined;
}

/**
 * Writes status files of the applications of a runner, until it is closed; what it wrote last stays. A folder that cannot be written costs the status, nothing else.
 */
export class StatusWriter {
  private readonly folder: string;
  private readonly sources: readonly StatusSource[];
  private readonly clock: Clock;
  private readonly writer = thisProcess();
  private cancel = (): void => {};

  /** `data` is the data folder. */
  constructor(data: string, sources: readonly StatusSource[], clock: Clock) {
    this.folder = dataLayout(data).status;
    this.sources = sources;
    this.clock = clock;
  }

  /** Writes now, and every second from now on. Takes away what runners that have died left of the same applications. */
  start(): void {
    try {
      makeFolder(this.folder);
    } catch {
      return;
    }
    for (const { name } of this.sources) this.sweep(name);
    const tick = (): void => {
      this.write();
      this.cancel = this.clock.after(statusEveryMs, tick);
    };
    tick();
  }

  /** Writes now: something has changed. */
  write(): void {
    for (const source of this.sources) this.writeOne(source);
  }

  /** Writes a last time. */
  close(): void {
    this.cancel();
    this.write();
  }

  private writeOne(source: StatusSource): void {
    const path = join(this.folder, `${source.name}.${process.pid}.json`);
    const draft = `${path}.new`;
    try {
      // Readers see the old one or this one; after a loss of power it may be neither, which they bear.
      writeFileSync(draft, `${JSON.stringify(this.statusOf(source))}\n`);
      renameSync(draft, path);
    } catch {
      // The log and the stores meet it as well, with their reaction; the next write may succeed.
    }
  }

  private statusOf(source: StatusSource): MemberStatus {
    const { name, file, state, sinceMs, restarts, nextStartMs, lastFailure, running } = source;
    const figures = running?.figures();
    return {
      version: 1,
      application: name,
      file: resolve(file),
      state,
      sinceMs,
      restarts,
      ...(running === undefined ? {} : { pid: running.pid }),
      ...(nextStartMs === undefined ? {} : { nextStartMs }),
      ...(lastFailure === undefined ? {} : { lastFailure: failureStatus(lastFailure) }),
      ...(running?.endpoint === undefined ? {} : { endpoint: running.endpoint }),
      ...(figures === undefined ? {} : { figures }),
      writer: this.writer,
      writtenMs: this.clock.now(),
    };
  }

  private sweep(name: string): void {
    try {
      for (const file of statusFilesOf(readdirSync(this.folder), name)) {
        const path = join(this.folder, file);
        const status = parseStatus(path);
        if (status === undefined || !isLive(status, this.clock.now())) rmSync(path);
      }
    } catch {
      // What cannot be taken away is shown as what it is: old.
    }
  }
}

function failureStatus({ error, atMs }: PastFailure): FailureStatus {
  const message = error instanceof Error ? error.message : String(error);
  return { ...(isStreamsError(error) ? { code: error.code } : {}), message, atMs };
}
