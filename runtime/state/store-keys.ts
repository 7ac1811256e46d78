import type { Serde } from '../../schemas/serde.ts';
import type { AvroType } from '../../topology/core/avro.ts';
import { SerdeError } from '../../topology/core/errors.ts';
import { maxKeyBytes } from './row-format.ts';
import { inStore } from './store-errors.ts';

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

  /** The key's bytes, for keeps. */
  bytes(key: unknown): Buffer {
    return Buffer.from(this.view(key));
  }

  /** Throws where {@link view} would. */
  check(key: unknown): void {
    this.#write(key);
  }

  read(bytes: Buffer): unknown {
    return this.#serde.read(bytes, 0, bytes.length);
  }

  #write(key: unknown): number {
    let end: number;
    try {
      end = this.#serde.write(key, this.#scratch, 0);
    } catch (error) {
      throw inStore(this.#store, error);
    }
    if (end >= 0) return end;
    throw new SerdeError(
      'STORE_KEY_SIZE',
      `store "${this.#store}" got a key of ${-1 - end} bytes or more: a key has at most ${maxKeyBytes} bytes`,
    );
  }
}
