import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import {
  array,
  bool,
  bytes,
  int32,
  nullableString,
  string,
  struct,
  type ValueOf,
  type WireType,
} from '../protocol/types.ts';
import { WireReader } from '../protocol/wire-reader.ts';
import { WireWriter } from '../protocol/wire-writer.ts';
import { taskCounts, taskIds } from './task-ids.ts';

/**
 * Name under which members offer this form. A form that older members cannot read gets a name of its own, offered before this one: the broker picks one that all
 * members know, so that a rolling upgrade goes on.
 */
export const protocolName = 'millrace';

const version = 1;

const memberType = struct({
  slot: string,
  plan: string,
  endpoint: nullableString,
  /** Generation of its last assignment; −1: none yet. */
  generation: int32,
  owned: taskIds,
  held: taskCounts,
  /** Changes where a member wants a new assignment: the broker asks the leader only if something changed. */
  nonce: int32,
});

const rosterType = array(
  struct({
    memberId: string,
    slot: string,
    endpoint: nullableString,
    generation: int32,
    active: taskIds,
    standby: taskIds,
  }),
);

const assignmentType = struct({
  /** The plan that it was made for. */
  plan: string,
  /** Why this member gets nothing; null: it was admitted. */
  refused: nullableString,
  /** Some tasks must be given up first: another assignment follows at once. */
  followUp: bool,
  warmups: taskIds,
  /** All members, deflated: the same for each of them. */
  roster: bytes,
});

/** What a member tells the leader. */
export type MemberData = ValueOf<typeof memberType>;

/** All members of a group with what they got. */
export type Roster = ValueOf<typeof rosterType>;
export type RosterEntry = Roster[number];

/** What the leader tells a member. */
export type AssignmentData = Omit<ValueOf<typeof assignmentType>, 'roster'> & {
  readonly roster: Roster;
};

export function encodeMember(data: MemberData): Buffer {
  return write(memberType, data);
}

/** @throws {ConfigError} GROUP_VERSION where a newer version wrote it, GROUP_FOREIGN where something else did */
export function decodeMember(data: Buffer): MemberData {
  return read(memberType, data);
}

/** The roster in the form in which {@link encodeAssigned} takes it. */
export function packRoster(roster: Roster): Buffer {
  const writer = new WireWriter();
  rosterType.write(writer, roster, { version, flexible: true });
  return deflateRawSync(writer.finish());
}

export function encodeAssigned(data: Omit<AssignmentData, 'roster'>, packedRoster: Buffer): Buffer {
  return write(assignmentType, { ...data, roster: packedRoster });
}

/** @throws {ConfigError} GROUP_VERSION where a newer version wrote it, GROUP_FOREIGN where something else did */
export function decodeAssigned(data: Buffer): AssignmentData {
  const { roster: packed, ...rest } = read(assignmentType, data);
  return { ...rest, roster: foreignUnless(() => unpack(packed)) };
}

function unpack(packed: Buffer): Roster {
  return rosterType.read(new WireReader(inflateRawSync(packed)), { version, flexible: true });
}

function write<T>(type: WireType<T>, value: T): Buffer {
  const writer = new WireWriter();
  writer.int16(version);
  type.write(writer, value, { version, flexible: true });
  return writer.finish();
}

function read<T>(type: WireType<T>, data: Buffer): T {
  return foreignUnless(() => {
    const reader = new WireReader(data);
    const found = reader.int16();
    if (found > version) {
      throw new ConfigError(
        'GROUP_VERSION',
        `a member of the group runs a newer version of Millrace (its data has form ${found}, this one reads ${version}): ` +
          'update this one too',
      );
    }
    return type.read(reader, { version: found, flexible: true });
  });
}

function foreignUnless<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (isStreamsError(cause) && cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      'GROUP_FOREIGN',
      'what this member got from its group was not written by Millrace: another client uses a group of the same name. ' +
        'Stop it, or give one of the two another name',
      { cause },
    );
  }
}
