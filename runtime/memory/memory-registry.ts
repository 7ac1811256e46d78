import type { SchemaRegistry } from '../ports.ts';

/** A schema registry in memory; ids count from 1, as in Confluent's. */
export class MemoryRegistry implements SchemaRegistry {
  private readonly schemas: string[] = [];
  private readonly ids = new Map<string, number>();
  private readonly bySubject = new Map<string, (readonly [version: number, id: number])[]>();

  async register(subject: string, schema: string): Promise<number> {
    let id = this.ids.get(schema);
    if (id === undefined) {
      id = this.schemas.push(schema);
      this.ids.set(schema, id);
    }
    const versions = this.bySubject.get(subject) ?? [];
    if (!versions.some(([, known]) => known === id)) {
      this.bySubject.set(subject, [...versions, [versions.length + 1, id]]);
    }
    return id;
  }

  async schema(id: number): Promise<string | undefined> {
    return this.schemas[id - 1];
  }

  async versions(subject: string): Promise<readonly (readonly [version: number, id: number])[]> {
    return this.bySubject.get(subject) ?? [];
  }

  async subjects(): Promise<readonly string[]> {
    return [...this.bySubject.keys()].sort((a, b) => (a < b ? -1 : 1));
  }
}
