import { createHash } from 'node:crypto';
import type { SchemaRegistry } from '../ports.ts';
import { addToCounter } from './counters.ts';
import type { Durability } from './durability.ts';
import { storedJson } from './environment.ts';
import type { Environment } from './environment.ts';
import { kindRange, namedKey, nameOf, schemaKey } from './keys.ts';

type Versions = readonly (readonly [version: number, id: number])[];

/**
 * A schema registry inside the embedded log, with the semantics of Confluent's: a schema has one id
 * in all subjects, ids count from 1, and a subject has versions. Ids are unique over all processes.
 */
export class EmbeddedRegistry implements SchemaRegistry {
  private readonly environment: Environment;
  private readonly durability: Durability;

  constructor(environment: Environment, durability: Durability) {
    this.environment = environment;
    this.durability = durability;
  }

  /** @throws {StorageError} LOG_FULL, LOG_IO */
  async register(subject: string, schema: string): Promise<number> {
    const textKey = namedKey('schemaText', createHash('sha256').update(schema).digest('hex'));
    const known = this.environment.get(textKey)?.readUInt32BE(0);
    if (known !== undefined && this.read(subject).some(([, id]) => id === known)) return known;
    const id = this.environment.write(() => {
      const id = this.idOf(textKey, schema);
      const versions = this.read(subject);
      if (!versions.some(([, present]) => present === id)) {
        const next: Versions = [...versions, [(versions.at(-1)?.[0] ?? 0) + 1, id]];
        this.environment.put(namedKey('subject', subject), Buffer.from(JSON.stringify(next)));
      }
      return id;
    });
    await this.durability.settle();
    return id;
  }

  async schema(id: number): Promise<string | undefined> {
    this.environment.refresh();
    return this.environment.get(schemaKey(id))?.toString();
  }

  async versions(subject: string): Promise<Versions> {
    this.environment.refresh();
    return this.read(subject);
  }

  async subjects(): Promise<readonly string[]> {
    this.environment.refresh();
    return Array.from(this.environment.keys(...kindRange('subject')), nameOf);
  }

  private idOf(textKey: Buffer, schema: string): number {
    const known = this.environment.get(textKey);
    if (known !== undefined) return known.readUInt32BE(0);
    const id = addToCounter(this.environment, 'schema-id', 1);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(id, 0);
    this.environment.put(textKey, bytes);
    this.environment.put(schemaKey(id), Buffer.from(schema));
    return id;
  }

  private read(subject: string): Versions {
    const bytes = this.environment.get(namedKey('subject', subject));
    return bytes === undefined ? [] : (storedJson(this.environment.path, bytes) as Versions);
  }
}
