import { createHash } from 'node:crypto';
import type { AvroType } from '../../core/avro.ts';
import type { SubjectStrategy } from '../../core/subject.ts';
import type { CallEffect } from '../../definition/definition.ts';
import type { Json } from '../comparable-plan.ts';
import { canonicalForm } from '../comparable-plan.ts';
import type { Parking, Plan, PlanNode, StorePlan, SubTopology, TopicPlan } from '../plan.ts';
import { keyOrigins } from './key-origins.ts';
import { withoutDocs } from './schema-text.ts';

/**
 * What a plan comes to, as a JSON value that is kept beside what runs: enough to say later what an
 * edit of the file, of a schema or of a function means (`compareManifests`).
 */
export interface Manifest {
  readonly version: 1;
  readonly application: string;
  readonly subTopologies: Readonly<Record<string, SubTopologyManifest>>;
  readonly nodes: Readonly<Record<string, NodeManifest>>;
  readonly topics: Readonly<Record<string, TopicManifest>>;
  readonly stores: Readonly<Record<string, StoreManifest>>;
  readonly calls: Readonly<Record<string, CallManifest>>;
  /** What happens to a failing record where its stage says nothing. */
  readonly errors: Json;
  /** Fingerprint → text of the whole Avro schema, without its docs. */
  readonly schemas: Readonly<Record<string, string>>;
  /** Function of the processors folder → hash of its code, with what it imports of the project. */
  readonly functions: Readonly<Record<string, string>>;
}

export interface SubTopologyManifest {
  readonly sourceTopics: readonly string[];
  readonly partitions: number;
  readonly stores: readonly string[];
  /** Absent where no record waits behind a dead letter. */
  readonly parking?: Parking;
}

/** A node, with what decides the verdict on a change of it taken out of its form. */
export interface NodeManifest {
  readonly kind: 'source' | 'stage' | 'sink';
  /** The stage, stream or table that the author wrote. */
  readonly stage: string;
  /** The planner added it. */
  readonly internal: boolean;
  /** Stores that it reads or writes. */
  readonly stores: readonly string[];
  /** Functions of the processors folder that it uses. */
  readonly functions: readonly string[];
  /** Of a node with stores: input port → how the key of its records was made, nearest first. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** All of the node, canonical; Avro types as fingerprints. */
  readonly form: { readonly [name: string]: Json };
}

export interface TopicManifest {
  readonly role: TopicPlan['role'];
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  readonly retention: number | 'forever';
  readonly internal: boolean;
  /** Fingerprints; absent for control and dead-letter topics. */
  readonly key?: string;
  readonly value?: string;
  readonly format?: string;
  /** How the subjects of values and keys are called; absent: after the topic. */
  readonly subject?: SubjectStrategy;
  readonly keySubject?: SubjectStrategy;
}

export interface StoreManifest {
  /** Fingerprints. */
  readonly key: string;
  readonly value: string;
  readonly ttl: number | 'none';
  readonly changelog: string;
  readonly sourceBacked: boolean;
  readonly global: boolean;
  /** Partitions of the tasks that have it. */
  readonly partitions: number;
  /** Stages or tables whose nodes use it; the sub-topology that parks records in it. */
  readonly users: readonly string[];
}

export interface CallManifest {
  /** Fingerprints. */
  readonly request: string;
  readonly reply: string;
  /** Absent in manifests of versions that knew no other than idempotent. */
  readonly effect?: CallEffect;
}

/** What a manifest says beyond its plan. */
export interface ManifestParts {
  /** JSON text of the whole Avro schema of a type; equal schemas give equal text. */
  readonly schemaOf: (type: AvroType) => string;
  /** Function of the processors folder → hash of its code. */
  readonly functions: ReadonlyMap<string, string>;
}

/** Partitions of a topic that neither the file nor the log knows. */
const defaultPartitions = 1;

/** The manifest of a plan. */
export function manifestOf(plan: Plan, parts: ManifestParts): Manifest {
  const schemas = new Map<string, string>();
  const known = new Map<AvroType, string>();
  const fingerprint = (type: AvroType): string => {
    const before = known.get(type);
    if (before !== undefined) return before;
    const text = withoutDocs(parts.schemaOf(type));
    const made = hash(text).slice(0, 16);
    known.set(type, made);
    schemas.set(made, text);
    return made;
  };
  const nodes = plan.subTopologies.flatMap((sub) => sub.nodes);
  const globals = plan.globalTables.map(({ source }) => source);
  const origins = keyOrigins(nodes);
  const partitionsOf = new Map(
    plan.subTopologies.flatMap((sub) => sub.stores.map((store) => [store, sub.partitions])),
  );
  const parkers = new Map(plan.subTopologies.map(({ id, parking }) => [parking?.store, [id]]));
  return {
    version: 1,
    application: plan.application,
    subTopologies: record(plan.subTopologies, (sub) => [sub.id, subTopologyManifest(sub)]),
    nodes: record([...nodes, ...globals], (node) => [
      node.name,
      nodeManifest(node, origins, fingerprint),
    ]),
    topics: record(plan.topics.values(), (topic) => [
      topic.name,
      topicManifest(topic, fingerprint),
    ]),
    stores: record(plan.stores.values(), (store) => [
      store.name,
      {
        ...storeManifest(store, fingerprint),
        partitions: partitionsOf.get(store.name) ?? 0,
        users: parkers.get(store.name) ?? usersOf(store.name, [...nodes, ...globals]),
      },
    ]),
    calls: record(plan.calls.values(), ({ name, request, reply, effect }) => [
      name,
      { request: fingerprint(request), reply: fingerprint(reply), effect },
    ]),
    errors: canonicalForm(plan.errors, fingerprint),
    functions: record(parts.functions, (entry) => entry),
    schemas: record(schemas, (entry) => entry),
  };
}

/** Identity of a manifest: equal manifests have equal digests, whatever the order of their keys. */
export function digestOf(manifest: Manifest): string {
  return hash(JSON.stringify(canonicalForm(manifest, () => ''))).slice(0, 32);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function subTopologyManifest(sub: SubTopology): SubTopologyManifest {
  const { sourceTopics, partitions, stores, parking } = sub;
  const own = { sourceTopics, partitions, stores };
  return parking === undefined ? own : { ...own, parking };
}

function nodeManifest(
  node: PlanNode,
  origins: ReturnType<typeof keyOrigins>,
  fingerprint: (type: AvroType) => string,
): NodeManifest {
  const form = canonicalForm(node, fingerprint) as NodeManifest['form'];
  const stores = node.kind === 'stage' ? node.stores : [];
  const stage = node.kind === 'source' ? node.name : node.stage;
  return {
    kind: node.kind,
    stage,
    internal: node.kind === 'stage' ? node.name !== node.stage : node.internal,
    stores: node.kind === 'source' ? (node.store === undefined ? [] : [node.store]) : stores,
    functions: [...functionsIn(node)].sort(),
    ...(stores.length === 0 || node.kind !== 'stage' ? {} : { keys: origins(node) }),
    form,
  };
}

/** Names under `use:` of a node, and the call that it makes. */
function functionsIn(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [name, inner] of Object.entries(value)) {
    if ((name === 'use' || name === 'call') && typeof inner === 'string') found.add(inner);
    // Types may be cyclic, and name no functions.
    else if (!/types?$/i.test(name) && name !== 'outputs') functionsIn(inner, found);
  }
  return found;
}

function topicManifest(topic: TopicPlan, fingerprint: (type: AvroType) => string): TopicManifest {
  const { role, cleanup, retention, internal, key, value, format, subject, keySubject } = topic;
  return {
    role,
    partitions: topic.partitions ?? defaultPartitions,
    cleanup,
    retention,
    internal,
    ...(key === undefined ? {} : { key: fingerprint(key) }),
    ...(value === undefined ? {} : { value: fingerprint(value) }),
    ...(format === undefined ? {} : { format }),
    ...(subject === undefined || subject === 'topic' ? {} : { subject }),
    ...(keySubject === undefined || keySubject === 'topic' ? {} : { keySubject }),
  };
}

function storeManifest(
  store: StorePlan,
  fingerprint: (type: AvroType) => string,
): Omit<StoreManifest, 'partitions' | 'users'> {
  const { ttl, changelog, sourceBacked, global } = store;
  const key = fingerprint(store.key);
  return { key, value: fingerprint(store.value), ttl, changelog, sourceBacked, global };
}

function usersOf(store: string, nodes: readonly PlanNode[]): readonly string[] {
  const users = nodes.flatMap((node) => {
    if (node.kind === 'source') return node.store === store ? [node.name] : [];
    return node.kind === 'stage' && node.stores.includes(store) ? [node.stage] : [];
  });
  return [...new Set(users)].sort();
}

function record<T, V>(
  items: Iterable<T>,
  entry: (item: T) => readonly [name: string, value: V],
): Readonly<Record<string, V>> {
  return Object.fromEntries(Array.from(items, entry));
}
