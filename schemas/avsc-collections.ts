import type { BuildOptions, Hook, Inner, ResolverParts, Tap } from './avsc-base.ts';
import { base, holdsProperties, namesMatch } from './avsc-base.ts';

/** No bound below this: items may take no bytes at all (an array of nulls). */
const harmlessCount = 65_536;

/**
 * The count of the block of items that begins here; 0: the end.
 * @throws {Error} when so many cannot follow
 */
export function itemCount(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.skipLong();
  }
  if (count > harmlessCount && count > tap.buf.length - tap.pos) {
    throw new Error(`a count of ${count} items, but only ${tap.buf.length - tap.pos} bytes follow`);
  }
  return count;
}

function skipItems(tap: Tap, skip: (tap: Tap) => void): void {
  for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
    for (; count > 0; count--) skip(tap);
  }
}

/** An array; a count that cannot be (garbage bytes) ends at once instead of looping for minutes. */
export class SafeArray extends base.ArrayType {
  override _read(tap: Tap): unknown[] {
    const items = this.itemsType;
    const list: unknown[] = [];
    for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
      for (; count > 0; count--) list.push(items._read(tap));
    }
    return list;
  }

  override _skip(tap: Tap): void {
    skipItems(tap, (t) => this.itemsType._skip(t));
  }
}

/** A map, likewise. Its values are plain objects; a `Map` of JavaScript is none. */
export class SafeMap extends base.MapType {
  override _check(value: unknown, flags?: unknown, hook?: Hook, path?: string[]): boolean {
    if (holdsProperties(value)) return super._check(value, flags, hook, path);
    hook?.(value, this);
    return false;
  }

  override _write(tap: Tap, value: unknown): void {
    if (!holdsProperties(value)) throw new Error('not a map');
    super._write(tap, value);
  }

  override _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType;
    const map: Record<string, unknown> = {};
    for (let count = itemCount(tap); count > 0; count = itemCount(tap)) {
      for (; count > 0; count--) {
        const key = tap.readString();
        const value = values._read(tap);
        if (key === '__proto__') {
          Object.defineProperty(map, key, {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          });
        } else map[key] = value;
      }
    }
    return map;
  }

  override _skip(tap: Tap): void {
    skipItems(tap, (t) => {
      t.skipString();
      this.valuesType._skip(t);
    });
  }
}

const symbolIndices = new WeakMap<readonly string[], ReadonlyMap<unknown, number>>();

/** Index of a symbol: by a map, since avsc's own object finds `constructor` in every enum. */
function symbolIndex(symbols: readonly string[], value: unknown): number {
  let indices = symbolIndices.get(symbols);
  if (indices === undefined) {
    indices = new Map(symbols.map((symbol, index) => [symbol, index]));
    symbolIndices.set(symbols, indices);
  }
  return indices.get(value) ?? -1;
}

/** A list that avsc does not look through: its own check takes `constructor` for there already. */
class SymbolList extends Array<string> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override slice(): string[] {
    return this;
  }

  override forEach(): void {}
}

/**
 * An enum: nothing but text is a symbol of it, and `constructor` only where it says so; names match
 * without their namespaces.
 */
class SafeEnum extends base.EnumType {
  /** avsc freezes its types: what is added must be on the prototype. */
  get fallback(): string | undefined {
    return undefined;
  }

  override _check(value: unknown, _flags?: unknown, hook?: Hook): boolean {
    const known = symbolIndex(this.symbols, value) >= 0;
    if (!known) hook?.(value, this);
    return known;
  }

  override _write(tap: Tap, value: unknown): void {
    const index = symbolIndex(this.symbols, value);
    if (index < 0) throw new Error('not a symbol of the enum');
    tap.writeLong(index);
  }

  override _copy(value: unknown): unknown {
    if (this._check(value)) return value;
    throw new Error(`${JSON.stringify(value)} is no symbol of ${String(this.name)}`);
  }

  override _update(resolver: ResolverParts, writer: Inner): void {
    if (writer.typeName !== 'enum' || !namesMatch(this, writer)) return;
    const { fallback } = this;
    const written = (writer as SafeEnum).symbols;
    const missing = written.filter((symbol) => symbolIndex(this.symbols, symbol) < 0);
    if (missing.length > 0 && fallback === undefined) {
      throw new Error(`${String(this.name)} has neither ${missing.join(', ')} nor a default`);
    }
    const symbols = written.map((it) => (symbolIndex(this.symbols, it) < 0 ? fallback : it));
    resolver._read = (tap) => {
      const index = tap.readLong();
      const symbol = symbols[index];
      if (symbol === undefined) throw new Error(`symbol ${index} of an enum of ${symbols.length}`);
      return symbol;
    };
  }
}

/** The type of an enum. */
export function enumType(schema: unknown, options: BuildOptions): Inner {
  const { symbols, default: fallback, name } = schema as Readonly<Record<string, unknown>>;
  if (!Array.isArray(symbols) || symbols.length === 0) {
    throw new Error(`enum ${String(name)} needs a list of "symbols"`);
  }
  const list = new SymbolList();
  for (const symbol of symbols as readonly unknown[]) {
    if (typeof symbol !== 'string' || !/^[A-Za-z_]\w*$/.test(symbol) || list.includes(symbol)) {
      throw new Error(
        `${JSON.stringify(symbol)} cannot be a symbol of ${String(name)}, or is there twice`,
      );
    }
    list.push(symbol);
  }
  if (fallback !== undefined && !list.includes(fallback as string)) {
    throw new Error(
      `the default of ${String(name)}, ${JSON.stringify(fallback)}, is no symbol of it`,
    );
  }
  const made = class extends SafeEnum {
    override get fallback(): string | undefined {
      return fallback as string | undefined;
    }
  };
  return new made({ ...(schema as object), symbols: list, default: undefined }, options);
}
