const places = 8;
const longest = 64;

/**
 * Decodes texts that are mostly the same as the one at the same place before, as header names are
 * from record to record: such a text costs a comparison, not a new string.
 *
 * Remembers one text of at most 64 bytes for each of the first 8 places.
 */
export class RepeatedTexts {
  private readonly bytes: Buffer[] = [];
  private readonly texts: string[] = [];

  /** The text `buffer[start, end)` in UTF-8, that stands at a place 0, 1, … of its list. */
  text(buffer: Buffer, start: number, end: number, place: number): string {
    const known = this.bytes[place];
    if (known !== undefined && isAt(known, buffer, start, end)) return this.texts[place] as string;
    const text = buffer.toString('utf8', start, end);
    // Places are remembered in order: the arrays have no holes.
    if (place < places && place <= this.bytes.length && end - start <= longest) {
      this.bytes[place] = Buffer.from(buffer.subarray(start, end));
      this.texts[place] = text;
    }
    return text;
  }
}

function isAt(known: Buffer, buffer: Buffer, start: number, end: number): boolean {
  const length = known.length;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== buffer[start + i]) return false;
  return true;
}
