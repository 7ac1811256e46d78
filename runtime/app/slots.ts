import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError, isStreamsError } from '../../topology/core/errors.ts';
import { openSmall } from '../embedded/environment.ts';
import { Owners } from '../embedded/ownership.ts';
import { makeFolder } from '../mapped/make-folder.ts';
import { isBeating, startBeat } from './slot-beat.ts';
import { writeWhole } from './write-whole.ts';

/** Where the members of a Kafka application that share a data folder keep what is theirs. */
export interface SlotFolders {
  /** One folder of state for each slot. */
  readonly state: string;
  /** Who has which slot. */
  readonly leases: string;
}

/** The folders of Kafka applications in a data folder: beside the embedded log's, not among them. */
export function slotFolders(data: string): SlotFolders {
  return { state: join(data, 'kafka', 'state'), leases: join(data, 'kafka', 'leases') };
}

/** A member's place in a data folder. */
export interface Slot {
  /** Stable identity, of this slot alone wherever its folder is. */
  readonly id: string;
  /** Name of its folder of state: of the application, with a number from 2 on. */
  readonly name: string;
  release(): Promise<void>;
}

/**
 * Takes the first slot of an application that no live process has, so that the same command started
 * twice is two members, and started again is the same two.
 * @throws {ConfigError} DATA_FOLDER, also where a member in another container has the slot
 * @throws {StorageError} when the leases cannot be read
 */
export async function takeSlot(data: string, application: string, clock: Clock): Promise<Slot> {
  const folders = slotFolders(data);
  makeOwnFolder(folders.leases);
  const environment = openSmall(folders.leases);
  try {
    const owners = new Owners(environment);
    const holder = randomUUID();
    for (let number = 1; ; number++) {
      const name = slotName(application, number);
      const file = join(folders.state, `${name}.slot`);
      await refuseOutOfSight(owners, name, file, clock);
      if (!isFree(owners, name, holder, clock)) continue;
      const id = slotId(file);
      const endBeat = startBeat(file, clock);
      const release = async (): Promise<void> => {
        endBeat();
        owners.release(name, holder);
        await environment.close();
      };
      return { id, name, release };
    }
  } catch (error) {
    await environment.close();
    throw error;
  }
}

/** Names of the slots of an application that a data folder has, used or not. */
export function slotsOf(data: string, application: string): readonly string[] {
  const { state } = slotFolders(data);
  if (!existsSync(state)) return [];
  const names = readdirSync(state).map((name) => name.replace(/\.slot$/, ''));
  const own = names.filter((name) => slotName(application, numberOf(name)) === name);
  return [...new Set(own)].sort();
}

/**
 * Slots of an application that a live process of this machine has, with its id.
 */
export async function slotHolders(
  data: string,
  application: string,
): Promise<readonly { readonly name: string; readonly pid: number }[]> {
  const { leases } = slotFolders(data);
  if (!existsSync(leases)) return [];
  const environment = openSmall(leases);
  try {
    const owners = new Owners(environment);
    return slotsOf(data, application).flatMap((name) => {
      const holder = owners.holder(name);
      return holder === undefined ? [] : [{ name, pid: holder.pid }];
    });
  } finally {
    await environment.close();
  }
}

/** Application names have no dots: no slot's name is another application's. */
function slotName(application: string, number: number): string {
  return number === 1 ? application : `${application}.${number}`;
}

function numberOf(name: string): number {
  return Number(/\.(\d+)$/.exec(name)?.[1] ?? 1);
}

/** A process in another container looks dead: whether it is, its signs of life tell. */
async function refuseOutOfSight(
  owners: Owners,
  name: string,
  file: string,
  clock: Clock,
): Promise<void> {
  const pid = owners.outOfSight(name);
  if (pid === undefined || !(await isBeating(file, clock))) return;
  throw new ConfigError(
    'DATA_FOLDER',
    `the data folder's slot "${name}" (${file}) belongs to process ${pid} of another container, which is running: ` +
      'give each container a data folder of its own',
  );
}

function isFree(owners: Owners, name: string, holder: string, clock: Clock): boolean {
  try {
    owners.take(name, holder, clock.now());
    return true;
  } catch (error) {
    if (isStreamsError(error) && error.code === 'APPLICATION_OWNED') return false;
    throw error;
  }
}

/**
 * The identity in a slot's file: made once, kept, so that a restart is known as the same member (design.md 5). An empty file is none.
 * @throws {ConfigError} DATA_FOLDER
 */
export function slotId(path: string): string {
  try {
    const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
    if (kept !== '') return kept;
    makeFolder(dirname(path));
    const slot = randomUUID();
    writeWhole(path, `${slot}\n`);
    return slot;
  } catch (error) {
    throw unwritable(path, error);
  }
}

function makeOwnFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): ConfigError {
  return new ConfigError(
    'DATA_FOLDER',
    `cannot write ${path}: ${(error as Error).message}; choose a data folder that can be written`,
    { cause: error },
  );
}
