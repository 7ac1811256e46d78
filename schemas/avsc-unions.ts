import { isRawNumber } from '../topology/core/exact-json.ts';
import type {
  BuildOptions,
  CopyOptions,
  Hook,
  Inner,
  ResolveOptions,
  ResolverParts,
  Tap,
} from './avsc-base.ts';
import { base } from './avsc-base.ts';
import { isDecimalType } from './avsc-decimals.ts';
import { BigLong } from './avsc-numbers.ts';
import { isDecimal } from './decimal-bytes.ts';

/** What a bare value can be told by. Two branches of the same kind must be told by name. */
type ValueKind =
  'null' | 'boolean' | 'number' | 'bigint' | 'string' | 'bytes' | 'decimal' | 'array' | 'object';

function kindOf(type: Inner): ValueKind {
  if (isDecimalType(type)) return 'decimal';
  if (type instanceof BigLong) return 'bigint';
  switch (type.typeName) {
    case 'null':
    case 'boolean':
    case 'array':
      return type.typeName;
    case 'string':
    case 'enum':
      return 'string';
    case 'bytes':
    case 'fixed':
      return 'bytes';
    case 'map':
    case 'record':
    case 'error':
      return 'object';
    default:
      return 'number';
  }
}

function kindOfValue(value: unknown): ValueKind | undefined {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return typeof value as ValueKind;
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'array';
      if (Buffer.isBuffer(value)) return 'bytes';
      if (isDecimal(value)) return 'decimal';
      return isRawNumber(value) ? 'number' : 'object';
    default:
      return undefined;
  }
}

/**
 * The union of the branches: of bare values where those tell the branches apart, else of values
 * under the name of their branch.
 */
export function unionType(branches: readonly Inner[], options: BuildOptions): Inner {
  const kinds = branches.map(kindOf);
  if (new Set(kinds).size < kinds.length) return new NamedUnion(branches, options);
  const indices = new Map(kinds.map((kind, index) => [kind, index]));
  class Made extends BareUnion {
    override get indices(): ReadonlyMap<ValueKind | undefined, number> {
      return indices;
    }
  }
  return new Made(branches, options);
}

const noIndices: ReadonlyMap<ValueKind | undefined, number> = new Map();

class BareUnion extends base.WrappedUnionType {
  /** avsc freezes its types: what is added must be on the prototype. */
  get indices(): ReadonlyMap<ValueKind | undefined, number> {
    return noIndices;
  }

  /** As avsc calls its own unions of bare values. */
  override get typeName(): string {
    return 'union:unwrapped';
  }

  override _check(value: unknown, flags?: unknown, hook?: Hook, path?: string[]): boolean {
    const index = this.indices.get(kindOfValue(value));
    if (index !== undefined) return (this.types[index] as Inner)._check(value, flags, hook, path);
    hook?.(value, this);
    return false;
  }

  override _read(tap: Tap): unknown {
    return branchAt(this.types, tap)._read(tap);
  }

  override _skip(tap: Tap): void {
    branchAt(this.types, tap)._skip(tap);
  }

  override _write(tap: Tap, value: unknown): void {
    const index = this.indices.get(kindOfValue(value));
    if (index === undefined) throw new Error('no branch of the union');
    tap.writeLong(index);
    if (value !== null) (this.types[index] as Inner)._write(tap, value);
  }

  override _copy(value: unknown, options?: CopyOptions): unknown {
    if (options?.wrap === 2) return defaultOf(this.types, value, options).value;
    const index = this.indices.get(kindOfValue(value));
    if (index === undefined) throw new Error('no branch of the union');
    return (this.types[index] as Inner)._copy(value, options);
  }

  override _update(resolver: ResolverParts, writer: Inner, options: ResolveOptions): void {
    const made = resolveBranch(this.types, writer, options);
    if (made !== undefined) resolver._read = (tap) => made.reader._read(tap);
  }
}

/** A union whose values are under the names of their branches. */
export class NamedUnion extends base.WrappedUnionType {
  override _read(tap: Tap): unknown {
    const branch = branchAt(this.types, tap);
    return named(branch, branch._read(tap));
  }

  override _skip(tap: Tap): void {
    branchAt(this.types, tap)._skip(tap);
  }

  override _copy(value: unknown, options?: CopyOptions): unknown {
    if (options?.wrap === 2) {
      const { branch, value: copied } = defaultOf(this.types, value, options);
      return named(branch, copied);
    }
    if (value === null) return null;
    for (const branch of this.types) {
      const inner = (value as Readonly<Record<string, unknown>>)[String(branch.branchName)];
      if (inner !== undefined) return named(branch, branch._copy(inner, options));
    }
    throw new Error('no branch of the union');
  }

  override _update(resolver: ResolverParts, writer: Inner, options: ResolveOptions): void {
    const made = resolveBranch(this.types, writer, options);
    if (made !== undefined) resolver._read = (tap) => named(made.branch, made.reader._read(tap));
  }
}

function named(branch: Inner, value: unknown): unknown {
  return branch.typeName === 'null' ? null : { [String(branch.branchName)]: value };
}

function branchAt(branches: readonly Inner[], tap: Tap): Inner {
  const index = tap.readLong();
  const branch = branches[index];
  if (branch === undefined) throw new Error(`branch ${index} of a union of ${branches.length}`);
  return branch;
}

/** A default is one of the first branch that it fits (Avro 1.12; before, of the first one). */
function defaultOf(
  branches: readonly Inner[],
  value: unknown,
  options: CopyOptions,
): { branch: Inner; value: unknown } {
  let first: unknown;
  for (const branch of branches) {
    try {
      const copied = branch._copy(value, options);
      if (branch._check(copied)) return { branch, value: copied };
    } catch (error) {
      first ??= error;
    }
  }
  throw first instanceof Error ? first : new Error('it fits no branch of the union');
}

/**
 * The branch that reads what `writer` wrote: one of the same type and name, else one of the same
 * type that resolves, else by promotion; the first of each (Avro for Java, `Resolver`, 1.12).
 */
export function resolveBranch(
  branches: readonly Inner[],
  writer: Inner,
  options: ResolveOptions,
): { readonly branch: Inner; readonly reader: Inner } | undefined {
  const rank = (branch: Inner): number => {
    if (sort(branch) !== sort(writer)) return 2;
    return branch.name === writer.name ? 0 : 1;
  };
  for (const branch of branches.toSorted((a, b) => rank(a) - rank(b))) {
    const before = new Set(Object.keys(options.registry));
    try {
      return { branch, reader: branch.createResolver(writer, options) };
    } catch {
      // avsc keeps resolvers that it could not finish, and would use them.
      for (const key of Object.keys(options.registry)) {
        if (!before.has(key)) delete options.registry[key];
      }
    }
  }
  return undefined;
}

function sort(type: Inner): string {
  return type.typeName === 'error' ? 'record' : type.typeName;
}
