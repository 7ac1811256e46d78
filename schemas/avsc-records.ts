import type { Inner, InnerField, ResolveOptions, ResolverParts, Tap, Write } from './avsc-base.ts';
import { base, namesMatch } from './avsc-base.ts';

type RecordConstructor = { prototype: object } & (new (...values: readonly unknown[]) => object);

/**
 * A record: its values are plain objects (their prototype is `Object.prototype`). One whose fields
 * all have defaults does not take a number or a list for a record.
 */
export class SafeRecord extends base.RecordType {
  override _createConstructor(): { prototype: object } {
    const made = super._createConstructor(false, true);
    made.prototype = Object.prototype;
    return made;
  }

  override _createWriter(): Write {
    const write = super._createWriter();
    if (this.fields.some((field) => field.defaultValue() === undefined)) return write;
    return (tap, value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new Error('not a record');
      }
      write(tap, value);
    };
  }

  override _update(resolver: ResolverParts, writer: Inner, options: ResolveOptions): void {
    if (!namesMatch(this, writer)) {
      throw new Error(`${String(writer.name)} is neither ${String(this.name)} nor an alias of it`);
    }
    const { recordConstructor } = this as unknown as { recordConstructor: RecordConstructor };
    const steps = stepsOf(this, (writer as SafeRecord).fields, options);
    resolver._read = compiled(this.fields.length, steps, recordConstructor);
  }
}

/** What is done with one field of the writer: read into a field of the reader, or skipped. */
interface Step {
  readonly type: Inner;
  /** Index of the reader's field; undefined: skip. */
  readonly into: number | undefined;
}

function stepsOf(
  reader: SafeRecord,
  written: readonly InnerField[],
  options: ResolveOptions,
): Step[] {
  const steps: Step[] = written.map(({ type }) => ({ type, into: undefined }));
  for (const [into, field] of reader.fields.entries()) {
    const names = new Set([field.name, ...field.aliases]);
    const found = written.flatMap(({ name }, index) => (names.has(name) ? [index] : []));
    const [index] = found;
    if (found.length > 1) {
      const which = found.map((i) => written[i]?.name).join(', ');
      throw new Error(`${path(reader, field)} could be ${which} of the writer`);
    }
    if (index === undefined) {
      if (field.defaultValue() === undefined) {
        throw new Error(`${path(reader, field)} has no default, and the writer does not have it`);
      }
      continue;
    }
    if (steps[index]?.into !== undefined) {
      const other = reader.fields[steps[index].into] as InnerField;
      throw new Error(
        `${path(reader, field)} and ${other.name} are both ${String(written[index]?.name)} of the writer`,
      );
    }
    const { type } = written[index] as InnerField;
    try {
      steps[index] = { type: field.type.createResolver(type, options), into };
    } catch (error) {
      throw new Error(`${path(reader, field)}: ${(error as Error).message}`, { cause: error });
    }
  }
  return steps;
}

function path(reader: SafeRecord, field: InnerField): string {
  return `${String(reader.name)}.${field.name}`;
}

/**
 * A reader of records as one piece of code, so that the engine can inline it: a loop over the
 * steps takes twice the time.
 */
function compiled(
  fields: number,
  steps: readonly Step[],
  constructor: RecordConstructor,
): (tap: Tap) => unknown {
  const names = steps.map((_, i) => `t${i}`);
  const lines = steps.map(({ into }, i) =>
    into === undefined ? `t${i}._skip(t);` : `const v${into} = t${i}._read(t);`,
  );
  const read = new Set(steps.map(({ into }) => into));
  const values = Array.from({ length: fields }, (_, i) => (read.has(i) ? `v${i}` : 'undefined'));
  const body = `return (t) => {\n${lines.join('\n')}\nreturn new Made(${values.join(', ')});\n};`;
  // oxlint-disable-next-line no-new-func, no-implied-eval -- numbers and the fixed vocabulary above
  const make = new Function('Made', ...names, body) as (
    made: RecordConstructor,
    ...types: readonly Inner[]
  ) => (tap: Tap) => unknown;
  return make(constructor, ...steps.map(({ type }) => type));
}
