/**
 * An exact decimal number: what the logical type `decimal` of Avro is in TypeScript. Immutable.
 * Its value is `unscaled` × 10^−`scale`; `new Decimal(1250n, 2)` is 12.50.
 *
 * **Gotchas** `<` and `===` do not compare decimals: use {@link Decimal.compare}. There is no
 * arithmetic: add and multiply `unscaled` of equal scales.
 */
export class Decimal {
  readonly unscaled: bigint;
  /** Digits after the point, 0 or more. */
  readonly scale: number;

  /** @throws {RangeError} when `scale` is no whole number of 0 or more */
  constructor(unscaled: bigint, scale: number) {
    if (!Number.isSafeInteger(scale) || scale < 0) {
      throw new RangeError(`the scale of a decimal is 0 or more, not ${scale}`);
    }
    this.unscaled = unscaled;
    this.scale = scale;
  }

  /**
   * The decimal that a text such as `-12.50` or `3` writes; it has the scale that was written.
   * @throws {RangeError} when the text is no such number (exponents are none)
   */
  static parse(text: string): Decimal {
    const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (match === null) throw new RangeError(`"${text}" is no decimal: write it like 12.50`);
    const [, sign, whole = '', fraction = ''] = match;
    const unscaled = BigInt(whole + fraction);
    return new Decimal(sign === '-' ? -unscaled : unscaled, fraction.length);
  }

  /**
   * The same value with another number of digits after the point; undefined where that would lose
   * digits.
   */
  rescale(scale: number): Decimal | undefined {
    if (scale === this.scale) return this;
    if (scale > this.scale) {
      return new Decimal(this.unscaled * 10n ** BigInt(scale - this.scale), scale);
    }
    const unit = 10n ** BigInt(this.scale - scale);
    if (this.unscaled % unit !== 0n) return undefined;
    return new Decimal(this.unscaled / unit, scale);
  }

  /** Below 0, 0 or above 0 as this is less than, equal to or greater than `other`. */
  compare(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const a = this.unscaled * 10n ** BigInt(scale - this.scale);
    const b = other.unscaled * 10n ** BigInt(scale - other.scale);
    return a === b ? 0 : a < b ? -1 : 1;
  }

  /** True for the same value, whatever the scale: 1.5 equals 1.50. */
  equals(other: Decimal): boolean {
    return this.compare(other) === 0;
  }

  /** All digits, without exponent: `-0.05`. */
  toString(): string {
    const { unscaled, scale } = this;
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const sign = unscaled < 0n ? '-' : '';
    if (scale === 0) return sign + digits;
    return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  }

  /** As text, so that JSON keeps every digit. */
  toJSON(): string {
    return this.toString();
  }

  /** The nearest double: for showing and estimating, not for money. */
  toNumber(): number {
    return Number(this.toString());
  }
}
