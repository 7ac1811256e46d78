import { readFileSync, writeFileSync } from 'node:fs';
import { pageBytes } from '../../../runtime/mapped/head-pages.ts';

/** What a page is overwritten with: nothing, noise, or another page, which takes its place. */
export const damages = ['zeros', 'noise', 'swap'] as const;
export type Damage = (typeof damages)[number];

/** The pages of a file, its head pages left out. */
export function innerPages(file: string): number {
  return readFileSync(file).length / pageBytes - 2;
}

/** Overwrites a whole page of a file. Pages are numbered from 0; `other` is the one to swap with. */
export function overwrite(
  file: string,
  page: number,
  damage: Damage,
  random: () => number,
  other: number,
): void {
  const bytes = readFileSync(file);
  const place = bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
  if (damage === 'zeros') place.fill(0);
  if (damage === 'noise') {
    for (let at = 0; at < pageBytes; at += 4) place.writeUInt32LE(random() * 0x1_0000_0000, at);
  }
  if (damage === 'swap') {
    const place2 = bytes.subarray(other * pageBytes, (other + 1) * pageBytes);
    const copy = Buffer.from(place);
    place2.copy(place);
    copy.copy(place2);
  }
  writeFileSync(file, bytes);
}

/** Overwrites one to three random pages other than the head, and says what was done. */
export function overwriteSome(file: string, random: () => number): string {
  const pages = innerPages(file);
  const anyPage = (): number => 2 + Math.floor(random() * pages);
  const done: string[] = [];
  for (let i = Math.floor(random() * 3); i >= 0; i--) {
    const damage = damages[Math.floor(random() * damages.length)] as Damage;
    const [page, other] = [anyPage(), anyPage()] as const;
    overwrite(file, page, damage, random, other);
    done.push(damage === 'swap' ? `${page} and ${other} swapped` : `${page}: ${damage}`);
  }
  return done.join(', ');
}
