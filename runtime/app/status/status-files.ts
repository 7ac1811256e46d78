import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataLayout } from '../../embedded/layout.ts';
import { isAlive, isOutOfSight } from '../../embedded/process-identity.ts';
import type { MemberStatus } from './member-status.ts';

/** A runner that has not written for so long is silent, ms: it is stopped, or does not get on. */
export const silentMs = 10_000;

/** What a status file says, and whether its runner is alive. */
export interface SeenStatus {
  readonly status: MemberStatus;
  /** The process that wrote it runs, or runs where it cannot be seen and wrote a moment ago. */
  readonly live: boolean;
  /** Since when nothing was written, ms. */
  readonly ageMs: number;
}

/**
 * Status of the applications of a data folder, by name. Of runners that have died only the newest is there, where no other is alive.
 */
export function readStatus(
  data: string,
  nowMs: number,
): ReadonlyMap<string, readonly SeenStatus[]> {
  const folder = dataLayout(data).status;
  const all = new Map<string, SeenStatus[]>();
  for (const name of namesIn(folder)) {
    const status = name.endsWith('.json') ? parseStatus(join(folder, name)) : undefined;
    if (status === undefined) continue;
    const seen = { status, live: isLive(status, nowMs), ageMs: nowMs - status.writtenMs };
    all.set(status.application, [...(all.get(status.application) ?? []), seen]);
  }
  return new Map([...all].map(([application, seen]) => [application, present(seen)]));
}

/** What is no folder, or cannot be read, has nothing to say: the rest of a status comes from the log. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The live ones, or the newest of the dead. */
function present(seen: readonly SeenStatus[]): readonly SeenStatus[] {
  const live = seen.filter((it) => it.live);
  if (live.length > 0) return live;
  return [seen.reduce((a, b) => (b.status.writtenMs > a.status.writtenMs ? b : a))];
}

/** Names among `files` that are of the application. Application names have no dots. */
export function statusFilesOf(files: readonly string[], application: string): readonly string[] {
  return files.filter(
    (file) => /^\.\d+\.json$/.test(file.slice(application.length)) && file.startsWith(application),
  );
}

/** Undefined: it cannot be read, or is of another version. */
export function parseStatus(path: string): MemberStatus | undefined {
  try {
    const status = JSON.parse(readFileSync(path, 'utf8')) as MemberStatus;
    return status.version === 1 && typeof status.application === 'string' ? status : undefined;
  } catch {
    return undefined;
  }
}

/** True when the runner that wrote it is alive, as far as can be seen from here. */
export function isLive({ writer, writtenMs }: MemberStatus, nowMs: number): boolean {
  if (isOutOfSight(writer)) return nowMs - writtenMs < silentMs;
  return isAlive(writer);
}
