import type { Inner, InnerField, ResolveOptions, ResolverParts, Tap, Write } from './avsc-base.ts';
import { base, holdsProperties, namesMatch } from './avsc-base.ts';
import { isLongDefault } from './avsc-numbers.ts';
import { beyondExact } from './exact-long.ts';

type RecordConstructor = { prototype: object } & (new (...values: readonly unknown[]) => object);

/**
 * A record: its values are plain objects (their prototype is `Object.prototype`). One whose fields
 * all have defaults does not take a number, a list or a date for a record.
 */
export class SafeRecord extends base.RecordType {
  override _createConstructor(): { prototype: object } {
    const made = super._createConstructor(false, true);
    made.prototype = Object.prototype;
    const inexact = this.fields.map((field) => holdsLongDefault(field.defaultValue()));
    return inexact.includes(true) ? refusing(made as RecordConstructor, inexact) : made;
  }

  override _createWriter(): Write {
    const write = super._createWriter();
    if (this.fields.some((field) => field.defaultValue() === undefined)) return write;
    return (tap, value) => {
      if (!holdsProperties(value)) throw new Error('not a record');
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

function holdsLongDefault(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return false;
  return isLongDefault(value) || Object.values(value).some(holdsLongDefault);
}

/** A constructor that does not fill in the fields whose default is a long that no number is. */
function refusing(made: RecordConstructor, inexact: readonly boolean[]): { prototype: object } {
  function Refusing(...values: readonly unknown[]): object {
    if (inexact.some((is, i) => is && values[i] === undefined)) {
      throw new Error(`a missing field, whose default is ${beyondExact}`);
    }
    return new made(...values);
  }
  Refusing.prototype = Object.prototype;
  return Refusing;
}

/** What is done with one field of the writer: read into fields of the reader, or skipped. */
interface Step {
  readonly written: Inner;
  /** Several fields of the reader may have the same of the writer, by name and by alias. */
  readonly into: { readonly index: number; readonly type: Inner }[];
}

function stepsOf(
  reader: SafeRecord,
  written: readonly InnerField[],
  options: ResolveOptions,
): Step[] {
  const steps = written.map(({ type }): Step => ({ written: type, into: [] }));
  for (const [index, field] of reader.fields.entries()) {
    const names = new Set([field.name, ...field.aliases]);
    const found = written.flatMap(({ name }, i) => (names.has(name) ? [i] : []));
    const [from] = found;
    if (found.length > 1) {
      const which = found.map((i) => written[i]?.name).join(', ');
      throw new Error(`${path(reader, field)} could be ${which} of the writer`);
    }
    if (from === undefined) {
      if (field.defaultValue() !== undefined) continue;
      throw new Error(`${path(reader, field)} has no default, and the writer does not have it`);
    }
    const step = steps[from] as Step;
    try {
      step.into.push({ index, type: field.type.createResolver(step.written, options) });
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
  const types: Inner[] = [];
  const lines: string[] = [];
  const call = (type: Inner, method: string): string => `t${types.push(type) - 1}.${method}(t);`;
  for (const { written, into } of steps) {
    const last = into.at(-1);
    if (last === undefined) lines.push(call(written, '_skip'));
    for (const target of into) {
      const method = target === last ? '_read' : '_peek';
      lines.push(`const v${target.index} = ${call(target.type, method)}`);
    }
  }
  const read = new Set(steps.flatMap(({ into }) => into.map(({ index }) => index)));
  const values = Array.from({ length: fields }, (_, i) => (read.has(i) ? `v${i}` : 'undefined'));
  const body = `return (t) => {\n${lines.join('\n')}\nreturn new Made(${values.join(', ')});\n};`;
  const names = types.map((_, i) => `t${i}`);
  // oxlint-disable-next-line no-new-func, no-implied-eval -- numbers and the fixed vocabulary above
  const make = new Function('Made', ...names, body) as (
    made: RecordConstructor,
    ...types: readonly Inner[]
  ) => (tap: Tap) => unknown;
  return make(constructor, ...types);
}
