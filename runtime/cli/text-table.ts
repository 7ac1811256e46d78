/**
 * Rows as columns of text, the first row as head. Columns named in `right` (by index) are set to
 * the right.
 */
export function textTable(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  const lines = rows.map((row) =>
    row
      .map((cell, i) => {
        const width = widths[i] as number;
        return right.includes(i) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** `1234567` → `1,234,567`. */
export function showCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Bytes in the largest unit that leaves a digit before the point: `12.3 MiB`. */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let amount = bytes;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** ms in the largest unit that gives a whole number: `7d`, `90s`. */
export function showDuration(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const found = ms > 0 && units.find(([, size]) => ms % size === 0);
  return found ? `${ms / found[1]}${found[0]}` : `${ms}ms`;
}
