/** A whole number for people, with what it counts in the singular: `1 letter`, `4,506 letters`. */
export function count(value: number, what?: string): string {
  const number = value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return what === undefined ? number : `${number} ${what}${value === 1 ? '' : 's'}`;
}

/** Cents as dollars, for people. */
export function dollars(cents: number): string {
  return (cents / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' });
}

/** The last word on a line of the books. */
export function verdict(holds: boolean): string {
  return holds ? 'holds' : 'DOES NOT HOLD';
}
