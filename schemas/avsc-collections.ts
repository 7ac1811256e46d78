import type { Hook, Inner, ResolveOptions, ResolverParts, Tap } from './avsc-base.ts';
import { base, namesMatch } from './avsc-base.ts';

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

/** A map, likewise. Its values are plain objects. */
export class SafeMap extends base.MapType {
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

/**
 * An enum: nothing but text is a symbol of it, and `constructor` only where it says so; names match
 * without their namespaces.
 */
export class SafeEnum extends base.EnumType {
  override _check(value: unknown, _flags: unknown, hook: Hook): boolean {
    const known = symbolIndex(this.symbols, value) >= 0;
    if (!known) hook?.(value, this);
    return known;
  }

  override _write(tap: Tap, value: unknown): void {
    const index = symbolIndex(this.symbols, value);
    if (index < 0) throw new Error('not a symbol of the enum');
    tap.writeLong(index);
  }

  override _update(resolver: ResolverParts, writer: Inner, options: ResolveOptions): void {
    if (writer.typeName !== 'enum' || !namesMatch(this, writer)) return;
    const fallback = (this as unknown as { default?: string }).default;
    const missing = (writer as SafeEnum).symbols.filter((s) => symbolIndex(this.symbols, s) < 0);
    if (missing.length > 0 && fallback === undefined) {
      throw new Error(`${String(this.name)} has neither ${missing.join(', ')} nor a default`);
    }
    super._update(resolver, writer, { ...options, ignoreNamespaces: true });
    resolver.symbols = (writer as SafeEnum).symbols.map((symbol) =>
      symbolIndex(this.symbols, symbol) < 0 ? fallback : symbol,
    );
  }
}
