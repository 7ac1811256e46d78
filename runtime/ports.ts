import type { CompatibilityMode } from '../schemas/index.ts';
import type { TopicPartition } from '../topology/core/topic-partition.ts';

export type { CompatibilityMode };

/**
 * What the engine needs from a log (design.md 5). Small, owned by the engine; one contract suite (`test/runtime/log-contract.ts`) runs against every adapter:
 * in memory, embedded, Kafka.
 */
export interface Log {
  readonly admin: TopicAdmin;
  /**
   * Becomes a member of the application's group and gets partitions through `ownership`.
   * @throws {ConfigError} APPLICATION_OWNED when the log allows one owner and another live process is it (embedded)
   */
  join(group: GroupOptions, ownership: Ownership): Promise<Membership>;
  /**
   * Committed record batches at and after each position, in offset order per partition. Returns what is at hand without waiting; possibly nothing.
   * A batch may begin before the position: skip records below it. A partition may be left out, where its leader is moving: results go by topic and partition,
   * not by the place of the position.
   * @throws {StorageError} LOG_CORRUPT when a stored batch does not pass its CRC
   */
  fetch(positions: readonly Position[], limits: FetchLimits): Promise<readonly FetchedPartition[]>;
  /**
   * Resolves when a partition of these may have records at or after its position, or `signal` aborts. May resolve early (spuriously), never late by more than
   * `maxWaitMs`.
   */
  awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** The transactional producer of this member. `slot` is stable across restarts: opening it fences and aborts what its last user left open. */
  transactor(slot: string): Promise<Transactor>;
  /** Committed group positions; partitions without one are absent. Waits for pending transactions (stable). */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<readonly Position[]>;
  /** First offset (log start) and end offset (position after the last record; 'uncommitted': pending ones included) of each partition. */
  ends(
    partitions: readonly TopicPartition[],
    isolation: 'committed' | 'uncommitted',
  ): Promise<readonly PartitionEnds[]>;
  /**
   * Identity of what is stored: changes when the log may have lost acknowledged records (an unclean open after a machine crash). State stores
   * remember it: a store position past what survived means rebuild.
   */
  readonly incarnation: string;
  /** False where a crash may leave records of a transaction behind without its positions (at-least-once). @defaultValue true */
  readonly atomic?: boolean;
  close(): Promise<void>;
}

export interface Position extends TopicPartition {
  /** Offset of the next record to read. */
  readonly offset: number;
}

export interface PartitionEnds extends TopicPartition {
  readonly start: number;
  readonly end: number;
  /** Tombstones before this offset may have been taken away by compaction: who has read up to less may have missed a delete. */
  readonly tombstonesFrom: number;
  /**
   * Where the log does not tell {@link tombstonesFrom} (it is 0 then): tombstones stay at least this long, ms. State that was complete longer ago and is not at
   * the end may have missed a delete.
   */
  readonly tombstonesKeptMs?: number;
  /** Identity of the topic: another one when it was deleted and created again, whatever the offsets say. Absent: the log does not tell. */
  readonly topicId?: string;
}

export interface FetchLimits {
  /** Stop after about this many bytes over all partitions; at least one batch per partition that has data is returned. */
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

export interface FetchedPartition extends TopicPartition {
  /** Kafka-format v2 record batches, each one whole, its CRC checked. They stay as they are: the log does not use their memory again. */
  readonly batches: readonly Buffer[];
  /** Position after the last returned batch: goes past offsets that hold nothing (compacted, aborted, markers). */
  readonly nextOffset: number;
  /** First offset that the partition still has: records before it were deleted. */
  readonly startOffset: number;
  /** End of the partition (committed), for lag. */
  readonly endOffset: number;
}

export interface GroupOptions {
  readonly group: string;
  /** Topics that tasks read. */
  readonly topics: readonly string[];
  /** Stable identity of this member, kept in the data folder. */
  readonly slot: string;
  /** What is assigned as a whole. @defaultValue every partition of `topics` by itself */
  readonly tasks?: readonly TaskUnit[];
  /** Members that keep a warm copy of each stateful task beside its owner. @defaultValue 0 */
  readonly standbyReplicas?: number;
  /** Asked before each join: id of each task whose state this member has on disk → changelog records that it holds (the sum of its stores' positions). */
  readonly held?: () => ReadonlyMap<string, number>;
  /** Asked of the leader: task id → the sum of its changelogs' ends, to be compared with `held`. */
  readonly stateEnds?: () => Promise<ReadonlyMap<string, number>>;
  /** Where other members reach this one, for queries (`http://host:port`); they get it with each assignment. */
  readonly endpoint?: string;
  /** Digest of this member's plan; the leader gets all of them. @defaultValue '' */
  readonly plan?: string;
  /** Asked of the leader before it assigns: digest of each plan among the members that may have no tasks → why. @defaultValue every plan may */
  readonly admit?: (plans: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  /**
   * Asked of the leader, after {@link admit}: the tasks of a plan by its digest. While members of several plans are in the group, only tasks that all of
   * these plans have are assigned: what is new begins when the last member has it. @defaultValue every plan has {@link tasks}
   */
  readonly tasksOf?: (plan: string) => readonly TaskUnit[];
  /**
   * Asked of a member whose plan was not admitted: makes the plan known to the leaders if it is not, for it may have been forgotten while nobody of it was in the
   * group. True: it did, and the member joins once more. @defaultValue it is known
   */
  readonly announce?: () => Promise<boolean>;
}

/** A unit of assignment: a task and the input partitions that go with it. */
export interface TaskUnit {
  readonly id: string;
  readonly inputs: readonly TopicPartition[];
  /** Number of its stores with a changelog of their own; 0: stateless. */
  readonly stores: number;
}

/**
 * Callbacks of a membership; each is awaited, one at a time. An embedded log assigns everything once; a Kafka group changes what a member has while
 * the rest of its tasks go on.
 */
export interface Ownership {
  /** Partitions that this member has from now on, beside those it has already. To return soon: restoring goes on afterwards. */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** Partitions to be given up, still owned until this returns: what is completed may be committed. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** Taken without asking (expelled): nothing of these may be committed any more (E6). */
  lost(partitions: readonly TopicPartition[]): Promise<void>;
  /** After each assignment: ids of all tasks that this member is a standby of. */
  standby?(tasks: readonly string[]): Promise<void>;
  /** After each assignment: all members, this one included. */
  members?(members: readonly MemberView[]): void;
  /** The membership ended by itself and cannot come back: fenced, not admitted, no rights. */
  failed?(error: unknown): void;
}

/** A member of a group, as the last assignment has it. */
export interface MemberView {
  readonly memberId: string;
  /** This very member. */
  readonly self: boolean;
  readonly endpoint: string | undefined;
  /** Ids of its tasks. */
  readonly active: readonly string[];
  readonly standby: readonly string[];
}

export interface Membership {
  readonly group: string;
  readonly memberId: string;
  readonly generation: number;
  leave(): Promise<void>;
}

/** One record batch to append: a whole v2 batch with base offset 0; the log assigns offsets. */
export interface Append extends TopicPartition {
  readonly batch: Buffer;
  readonly records: number;
}

/** Everything of one transaction (E1): committed whole or not at all. */
export interface Transaction {
  readonly appends: readonly Append[];
  /** Input positions of the tasks in it: at least one owned partition of each task, moved or not (E3). */
  readonly positions: readonly Position[];
}

export interface Committed {
  /** Offset of the first record of each append, in order of `appends`. */
  readonly baseOffsets: readonly number[];
}

export interface Transactor {
  /**
   * Commits a transaction. When it resolves the outcome is known and durable as `sync` says; when it rejects with TransactionAborted nothing of it is visible.
   * An unclear outcome is resolved inside, before settling (E2).
   * @throws {TaskMigratedError} when fenced
   * @throws {StorageError} LOG_FULL when the disk is full: nothing of it is stored
   */
  commit(transaction: Transaction, membership: Membership): Promise<Committed>;
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** ms, or 'forever'. */
  readonly retention: number | 'forever';
}

export interface TopicInfo extends TopicSpec {
  /** Bytes stored, per partition; undefined where the log does not tell. */
  readonly bytes?: readonly number[];
}

export interface TopicAdmin {
  list(): Promise<readonly TopicInfo[]>;
  describe(name: string): Promise<TopicInfo | undefined>;
  /** Creates the topic; if it is there already, returns its description unchanged (the caller compares). */
  create(topic: TopicSpec): Promise<TopicInfo>;
  alter(name: string, settings: Partial<Pick<TopicSpec, 'cleanup' | 'retention'>>): Promise<void>;
  delete(name: string): Promise<void>;
  /** Deletes records before the positions: the log start moves up. */
  deleteRecords(before: readonly Position[]): Promise<void>;
  /** Sets group positions outside a transaction; the group must have no live member. `undefined` removes all positions of the group. */
  setPositions(group: string, positions: readonly Position[] | undefined): Promise<void>;
  groups(): Promise<readonly string[]>;
}

/** Ids of Avro schemas, in a registry (Confluent-compatible semantics). */
export interface SchemaRegistry {
  /**
   * The id of this schema under the subject; registers it if it is new. `schema` is JSON text of an Avro schema, canonical where equal schemas are to be one.
   * @throws {ConfigError} SCHEMA_REFUSED when the subject's compatibility mode does not allow it, SCHEMA_INVALID
   * @throws {StorageError} REGISTRY_UNAVAILABLE when it cannot be reached
   */
  register(subject: string, schema: string, options?: RegisterOptions): Promise<number>;
  /** The schema's JSON text, what it refers to put in. Undefined: the registry does not know the id. */
  schema(id: number): Promise<string | undefined>;
  /** Versions of a subject: [version, id], ascending, without soft-deleted ones; none where the subject is not known. */
  versions(subject: string): Promise<readonly (readonly [version: number, id: number])[]>;
  /** Subjects that have versions, sorted. */
  subjects(): Promise<readonly string[]>;
}

export interface RegisterOptions {
  /** Schemas of other subjects that this one names. @defaultValue none */
  readonly references?: readonly SchemaReference[];
  /**
   * It is taken as it is, and the mode of the subject does not count: whether versions go together is decided elsewhere, as for topics of an application's own by its plan. A registry that
   * would refuse it gets the mode NONE for the subject.
   */
  readonly unchecked?: true;
}

/** A schema of another subject, by the full name under which it is used. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A version of a subject. */
export interface SubjectVersion {
  readonly version: number;
  readonly id: number;
  /** Soft-deleted: its id is known still, but nothing is compared with it. */
  readonly deleted: boolean;
}

/** A schema as it was registered: with its references, not what they stand for. */
export interface RegisteredSchema {
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

export interface CheckOptions {
  /** @defaultValue none */
  readonly references?: readonly SchemaReference[];
  /** Compared with this version alone. @defaultValue those that the mode names */
  readonly version?: number;
}

/** A registry as tools see it: one contract suite (`test/runtime/registry-contract.ts`) runs against every one. */
export interface ManagedRegistry extends SchemaRegistry {
  /** Versions, soft-deleted ones included, ascending. Empty: it is not known. */
  allVersions(subject: string): Promise<readonly SubjectVersion[]>;
  /** Undefined: the registry does not know the id. */
  registered(id: number): Promise<RegisteredSchema | undefined>;
  /** Mode of a subject, or of all that have none of their own. `own`: it is set for this subject. */
  compatibility(subject?: string): Promise<{ readonly mode: CompatibilityMode; own: boolean }>;
  /** Sets it for a subject, or for all that have none of their own. */
  setCompatibility(mode: CompatibilityMode, subject?: string): Promise<void>;
  /**
   * What is wrong with the schema as the next version, in the registry's own words: empty where it would take it.
   * @throws {ConfigError} SCHEMA_INVALID, VERSION_UNKNOWN
   */
  incompatibilities(
    subject: string,
    schema: string,
    options?: CheckOptions,
  ): Promise<readonly string[]>;
  /**
   * Soft-deletes a version, or all of them. The versions that are so now and were not before.
   * @throws {ConfigError} SUBJECT_UNKNOWN, VERSION_UNKNOWN
   */
  softDelete(subject: string, version?: number): Promise<readonly number[]>;
}

/**
 * Disk side of the state stores of one application. One transaction takes the overlays of all tasks of a log transaction, their changelog positions and the
 * log's incarnation (E4). Keys and values are bytes; a task's store is a name space `(store, partition)`.
 */
export interface StateBackend {
  /** Log incarnation that the stored positions belong to; undefined: fresh. */
  incarnation(): string | undefined;
  open(store: string, partition: number): StateTable;
  /**
   * Applies writes and positions in one disk transaction. Resolves when they are readable; durability may lag (a crash costs a replay). The bytes of keys and rows
   * are handed over: they may not change afterwards.
   */
  apply(writes: readonly StateWrites[], incarnation: string): Promise<void>;
  /** Drops the rows and position of a store's partition. */
  wipe(store: string, partition: number): Promise<void>;
  /** Names and partitions present. */
  tables(): readonly { readonly store: string; readonly partition: number }[];
  close(): Promise<void>;
}

export interface StateTable {
  /** Row bytes, or undefined. May be a view that is valid until the next call. */
  get(key: Uint8Array): Buffer | undefined;
  /** Rows with key in `[from, to)`, ordered by key bytes, as of the call. */
  range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
  ): Iterable<readonly [key: Buffer, row: Buffer]>;
  /** Position in the changelog up to which the rows are applied: offset of the next changelog record; undefined: nothing yet. */
  position(): number | undefined;
  /** Wall clock, ms, as of which its rows were complete ({@link StateWrites.asOfMs}); undefined: never, or not known. */
  asOfMs(): number | undefined;
  /** The topic that its position is in ({@link StateWrites.topicId}); undefined: not known. */
  topicId(): string | undefined;
  /** Number of rows (for reports). */
  count(): number;
}

export interface StateWrites {
  readonly store: string;
  readonly partition: number;
  /** Key bytes → row bytes, or null for a delete. */
  readonly rows: readonly (readonly [key: Uint8Array, row: Uint8Array | null])[];
  /** New changelog position, or undefined if it did not move. */
  readonly position: number | undefined;
  /**
   * Wall clock, ms, as of which the rows are complete: whatever deletes one of them was in the changelog for as long after this as tombstones stay. Undefined
   * leaves it as it was.
   */
  readonly asOfMs?: number | undefined;
  /** Identity of the topic that the position is in ({@link PartitionEnds.topicId}). Undefined leaves it as it was. */
  readonly topicId?: string | undefined;
}
