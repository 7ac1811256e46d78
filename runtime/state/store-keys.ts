import type { Serde } from '../../schemas/serde.ts';
import type { AvroType } from '../../topology/core/avro.ts';
import { SerdeError } from '../../topology/core/errors.ts';
import { maxKeyBytes } from './row-format.ts';
import { inStore } from './store-errors.ts';

/** Memory that the bytes of keys share, at a time. */
const slabBytes = 64 * 1024;

/** Key kinds whose values are map keys as they are: equal exactly when their bytes are. */
const plainKinds: ReadonlySet<string> = new Set(['string', 'int', 'long', 'boolean']);

/**
 * Keys of one store: as map keys and as bytes. All methods throw {@link SerdeError} where a key
 * does not fit, and name the store.
 */
export class StoreKeys {
  readonly #store: string;
  readonly #serde: Serde;
  readonly #plain: boolean;
  readonly #scratch = Buffer.allocUnsafeSlow(maxKeyBytes);
  #slab = Buffer.alloc(0);
  #slabEnd = 0;

  constructor(store: string, type: AvroType, serde: Serde) {
    this.#store = store;
    this.#serde = serde;
    this.#plain = plainKinds.has(type.kind);
  }

  /**
   * What stands for the key in a Map: the key itself, or its bytes as latin1 text.
   *
   * **Gotchas** A plain key is not checked: one of a wrong type is in no map, and fails when its
   * bytes are asked for.
   */
  mapKey(key: unknown): unknown {
    return this.#plain ? key : this.#scratch.toString('latin1', 0, this.#write(key));
  }

  /** The key's bytes: a view that is valid until the next call of any method. */
  view(key: unknown): Buffer {
    return this.#scratch.subarray(0, this.#write(key));
  }

  /** The key's bytes, for keeps. Those of many keys share memory: they are kept until they are on disk. */
  bytes(key: unknown): Buffer {
    if (this.#slab.length - this.#slabEnd < maxKeyBytes) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#slabEnd = 0;
    }
    const start = this.#slabEnd;
    this.#slabEnd = this.#write(key, this.#slab, start);
    return this.#slab.subarray(start, this.#slabEnd);
  }

  /** Throws where {@link view} would. */
  check(key: unknown): void {
    this.#write(key);
  }

  read(bytes: Buffer): unknown {
    return this.#serde.read(bytes, 0, bytes.length);
  }

  /** Writes the key's bytes and gives the position after them. */
  #write(key: unknown, buffer = this.#scratch, start = 0): number {
    let end: number;
    try {
      end = this.#serde.write(key, buffer, start);
    } catch (error) {
      throw inStore(this.#store, error);
    }
    if (end >= 0 && end - start <= maxKeyBytes) return end;
    throw new SerdeError(
      'STORE_KEY_SIZE',
      `store "${this.#store}" got a key of ${end < 0 ? -1 - end : end - start} bytes or more: a key has at most ${maxKeyBytes} bytes`,
    );
  }
}
