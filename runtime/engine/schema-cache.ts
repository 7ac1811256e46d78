import type { AvroSchemas, SchemaResolver } from '../../schemas/index.ts';
import { sameSchema, subjectFor } from '../../schemas/index.ts';
import type { AvroType } from '../../topology/core/avro.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { SubjectStrategy } from '../../topology/core/subject.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { SchemaRegistry } from '../ports.ts';

/** An id that the registry did not know is not asked for again before this time is over, ms. */
const absentMs = 10_000;
/** Such ids in memory, at most: bytes that are no record at all may name any. */
const maxAbsent = 10_000;

/** A type of a topic's keys or values. */
export interface RegisteredType {
  readonly topic: string;
  readonly part: 'key' | 'value';
  readonly type: AvroType;
  /** The mode of the subject does not count. */
  readonly unchecked: boolean;
}

/** How a topic's subjects are called. */
export type StrategyOf = (topic: string, part: 'key' | 'value') => SubjectStrategy;

/** How the subjects of a plan's topics are called. */
export function strategiesOf({ topics }: Pick<Plan, 'topics'>): StrategyOf {
  return (name, part) => {
    const topic = topics.get(name);
    return (part === 'key' ? topic?.keySubject : topic?.subject) ?? 'topic';
  };
}

/**
 * Schemas by registry id, as far as they were asked for. Look-ups are synchronous; what is missing is fetched before the batch that needs it (design.md 9).
 */
export class SchemaCache implements SchemaResolver {
  private readonly registry: SchemaRegistry;
  private readonly texts = new Map<number, string>();
  private readonly clock: Clock;
  /** Id that the registry did not know → when it was asked, monotonic ms. */
  private readonly absent = new Map<number, number>();

  private readonly strategy: StrategyOf;
  /** Subject and text, as JSON → id, as the registry once said: it stays. Of what was registered all versions are at hand, too. */
  private readonly registered = new Map<string, number>();
  private readonly found = new Map<string, number>();

  constructor(registry: SchemaRegistry, clock: Clock, strategy: StrategyOf = () => 'topic') {
    this.registry = registry;
    this.clock = clock;
    this.strategy = strategy;
  }

  schemaText(id: number): string | undefined {
    return this.texts.get(id);
  }

  /**
   * True when the registry was asked and did not know the id: a record that bears it is a record failure. It counts for 10 s, since a schema may be registered
   * late; then the id is to be asked for again.
   */
  isAbsent(id: number): boolean {
    const askedMs = this.absent.get(id);
    return askedMs !== undefined && this.clock.monotonic() - askedMs < absentMs;
  }

  /** Asks the registry for an id. Rejects when it cannot be reached: the caller waits and tries again. */
  async load(id: number): Promise<void> {
    if (this.texts.has(id)) return;
    const text = await this.registry.schema(id);
    if (text !== undefined) {
      this.absent.delete(id);
      this.texts.set(id, text);
      return;
    }
    if (this.absent.size >= maxAbsent) this.absent.clear();
    this.absent.set(id, this.clock.monotonic());
  }

  /**
   * The id under which a type's schema is registered for a topic's keys or values; registers it if it is new. A version that another program spelled
   * differently is no other schema. All versions of the subject are at hand afterwards: rows of a store that they wrote are read in the middle of a batch, where nothing can be fetched.
   */
  async register(
    schemas: AvroSchemas,
    { topic, part, type, unchecked }: RegisteredType,
  ): Promise<number> {
    const text = schemas.canonicalSchema(type);
    const subject = this.subject(topic, part, type);
    const place = JSON.stringify([subject, text]);
    const known = this.registered.get(place);
    if (known !== undefined) return known;
    let id = await this.version(subject, text);
    if (id === undefined) {
      id = await this.registry.register(subject, text, unchecked ? { unchecked } : {});
      this.texts.set(id, text);
    }
    this.registered.set(place, id);
    return id;
  }

  /** The id of exactly this type's schema under the topic's subject, or −1 when nobody registered it yet. */
  async find(
    schemas: AvroSchemas,
    topic: string,
    part: 'key' | 'value',
    type: AvroType,
  ): Promise<number> {
    const text = schemas.canonicalSchema(type);
    const subject = this.subject(topic, part, type);
    const place = JSON.stringify([subject, text]);
    const known = this.registered.get(place) ?? this.found.get(place);
    if (known !== undefined) return known;
    const id = await this.version(subject, text);
    if (id === undefined) return -1;
    this.found.set(place, id);
    return id;
  }

  /** Id of the last version that is this schema; brings all versions to hand. */
  private async version(subject: string, text: string): Promise<number | undefined> {
    const ids = (await this.registry.versions(subject)).map(([, id]) => id);
    await Promise.all(ids.map((id) => this.load(id)));
    return ids.findLast((id) => sameSchema(this.texts.get(id) ?? '', text));
  }

  private subject(topic: string, part: 'key' | 'value', type: AvroType): string {
    return subjectFor(topic, part, { strategy: this.strategy(topic, part), type });
  }
}
