import type { RegisteredSchema } from '../ports.ts';
import { StoredRegistry } from '../registry/stored-registry.ts';
import {
  changed,
  lastVersion,
  noSubject,
  schemaIdentity,
  type SubjectChange,
  type SubjectState,
  withVersion,
} from '../registry/subject-state.ts';

/** A schema registry in memory; ids count from 1, as in Confluent's. */
export class MemoryRegistry extends StoredRegistry {
  private readonly schemas: RegisteredSchema[] = [];
  private readonly ids = new Map<string, number>();
  private readonly bySubject = new Map<string, SubjectState>();

  async registered(id: number): Promise<RegisteredSchema | undefined> {
    return this.schemas[id - 1];
  }

  protected async find(schema: RegisteredSchema): Promise<number | undefined> {
    return this.ids.get(schemaIdentity(schema));
  }

  protected async add(
    subject: string,
    schema: RegisteredSchema,
    last: number | undefined,
  ): Promise<number | undefined> {
    const state = this.bySubject.get(subject) ?? noSubject;
    if (last !== undefined && last !== lastVersion(state)) return undefined;
    const id = this.ids.get(schemaIdentity(schema)) ?? this.schemas.push(schema);
    this.ids.set(schemaIdentity(schema), id);
    this.bySubject.set(subject, withVersion(state, id));
    return id;
  }

  protected async change(subject: string, change: SubjectChange): Promise<void> {
    this.bySubject.set(subject, changed(this.bySubject.get(subject) ?? noSubject, change));
  }

  protected async subject(name: string): Promise<SubjectState> {
    return this.bySubject.get(name) ?? noSubject;
  }

  protected async names(): Promise<readonly string[]> {
    return [...this.bySubject.keys()];
  }
}
