import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { headBytes, headDamage, pageBytes, parseHead, parseTree, pause } from './head-pages.ts';
import type { Head, Tree } from './head-pages.ts';
import { PageReader } from './page-reader.ts';
import * as pages from './tree-page.ts';

/** What was found in an LMDB file. */
export interface Inspection {
  /** What is wrong with it, naming the file and the page; undefined: nothing that was looked at. */
  readonly damage: string | undefined;
  /** All pages that LMDB would follow were looked at. */
  readonly whole: boolean;
}

/**
 * Looks through the pages of an LMDB file that hold its trees, without LMDB, which ends the process
 * over most kinds of damage. Checked is all that LMDB relies on: each page says its own number,
 * its kind and a transaction that was; nodes lie within their page; what they point at lies within
 * the file and is pointed at once; the heads of values that have pages of their own; the list of
 * free pages. Not checked are the values, and the order of keys: what a key is less than is the
 * business of LMDB's binding.
 *
 * @param options.head the head pages of a state of the file that nobody writes over, because a
 * snapshot of it is held. Without it the present state is looked at, and what is found is believed
 * if that is still the present state afterwards: until then nobody can have written over its pages.
 * @param options.maxPages leave off after so many pages: first the inner pages, then the leaves,
 * then the heads of long values are looked at, tree by tree. @defaultValue no limit
 */
export function inspectFile(
  file: string,
  options: { readonly head?: Buffer; readonly maxPages?: number } = {},
): Inspection {
  if (!existsSync(file)) return sound;
  const damage = headDamage(file);
  if (damage !== undefined) return { damage, whole: false };
  const descriptor = openSync(file, 'r');
  try {
    for (let attempt = 0; ; attempt++) {
      const head = options.head ?? readHead(descriptor);
      if (head === undefined) return sound;
      const found = new TreeInspection(file, descriptor, parseHead(head), options.maxPages).run();
      if (found.damage === undefined || options.head !== undefined) return found;
      if (readHead(descriptor)?.equals(head) === true) return found;
      // It is being written to: by a live process, for which it is sound.
      if (attempt === maxAttempts) return { damage: undefined, whole: false };
      pause(attempt);
    }
  } finally {
    closeSync(descriptor);
  }
}

const sound: Inspection = { damage: undefined, whole: true };
const maxAttempts = 10;
/** LMDB's cursors go no deeper. */
const maxDepth = 32;

function readHead(descriptor: number): Buffer | undefined {
  const head = Buffer.alloc(headBytes);
  return readSync(descriptor, head, 0, headBytes, 0) === headBytes ? head : undefined;
}

/** A value that has pages of its own. */
interface Run {
  readonly page: number;
  readonly count: number;
}

/** What the nodes of a tree are. */
type TreeKind = 'free' | 'main' | 'named';

class TreeInspection {
  private readonly file: string;
  private readonly head: Head;
  private readonly reader: PageReader;
  /** One bit for each page of the file: something points at it. */
  private readonly claimed: Uint8Array;
  private readonly filePages: number;
  private readonly named: Tree[] = [];
  private readonly runs: Run[] = [];
  private left: number;

  constructor(file: string, descriptor: number, head: Head, maxPages = Infinity) {
    this.file = file;
    this.head = head;
    this.reader = new PageReader(descriptor);
    const { size } = fstatSync(descriptor);
    this.filePages = Math.floor(size / pageBytes);
    this.claimed = new Uint8Array((this.filePages >> 3) + 1);
    // A file that is shorter than it says may have been cut: then all of it is looked at.
    this.left = this.filePages <= head.lastPage ? Infinity : maxPages;
  }

  run(): Inspection {
    const damage =
      this.tree(this.head.freeTree, 'free') ??
      this.tree(this.head.mainTree, 'main') ??
      firstOf(this.named, (tree) => this.tree(tree, 'named')) ??
      this.runHeads();
    return { damage, whole: damage === undefined && this.left >= 0 };
  }

  private tree({ root, depth }: Tree, kind: TreeKind): string | undefined {
    if (root === undefined) return undefined;
    if (depth < 1 || depth > maxDepth) return this.problem(root, `its tree has ${depth} levels`);
    const problem = this.claim(root, 1, 0);
    if (problem !== undefined) return problem;
    let level: Float64Array = Float64Array.of(root);
    for (let above = depth - 1; above > 0; above--) {
      const below: number[] = [];
      const damage = this.level(level, (page, at) => this.branch(page, at, kind, below));
      if (damage !== undefined) return damage;
      level = Float64Array.from(below).sort();
    }
    return this.level(level, (page, at) => this.leaf(page, at, kind));
  }

  /** Looks at so many of the pages as are left to look at. */
  private level(
    level: Float64Array,
    look: (page: number, at: number) => string | undefined,
  ): string | undefined {
    const some = level.length > this.left ? level.subarray(0, Math.max(0, this.left)) : level;
    this.left -= level.length;
    return this.reader.each(some, look);
  }

  private branch(page: number, at: number, kind: TreeKind, below: number[]): string | undefined {
    const header = this.header(page, at, pages.branchPage);
    if (header !== undefined) return header;
    const { words } = this.reader;
    const count = pages.nodeCount(this.reader, at);
    // LMDB insists on two, but for the tree of free pages.
    if (count < (kind === 'free' ? 1 : 2)) return this.problem(page, 'its bounds are impossible');
    let room = pages.nodeRoom(this.reader, at);
    for (let i = 0; i < count; i++) {
      const node = pages.nodeAt(this.reader, at, i);
      const bytes = node < 0 ? Infinity : pages.nodeBytes(words[node + 3] as number, 0);
      room -= bytes;
      if (room < 0 || !pages.nodeEnds(at, node, bytes)) return this.misplaced(page, i);
      const child =
        (words[node] as number) +
        (words[node + 1] as number) * 0x1_0000 +
        (words[node + 2] as number) * 0x1_0000_0000;
      const problem = this.claim(child, 1, page);
      if (problem !== undefined) return problem;
      below.push(child);
    }
    return undefined;
  }

  private leaf(page: number, at: number, kind: TreeKind): string | undefined {
    const header = this.header(page, at, pages.leafPage);
    if (header !== undefined) return header;
    const { words } = this.reader;
    const count = pages.nodeCount(this.reader, at);
    if (count < 0) return this.problem(page, 'its bounds are impossible');
    let room = pages.nodeRoom(this.reader, at);
    for (let i = 0; i < count; i++) {
      const node = pages.nodeAt(this.reader, at, i);
      if (node < 0) return this.misplaced(page, i);
      const flags = words[node + 2] as number;
      const keyBytes = words[node + 3] as number;
      const size = (words[node] as number) + (words[node + 1] as number) * 0x1_0000;
      const bytes = pages.nodeBytes(keyBytes, flags === pages.bigNode ? pages.overflowBytes : size);
      room -= bytes;
      if (room < 0 || !pages.nodeEnds(at, node, bytes)) return this.misplaced(page, i);
      if (flags === 0 && kind !== 'free') continue;
      const value = node * 2 + pages.nodeHeaderBytes + keyBytes;
      const damage = this.special(flags, { page, kind, value, size, keyBytes });
      if (damage !== undefined) return damage;
    }
    return undefined;
  }

  /** A node whose value is more than bytes: it points at pages, describes a tree, or lists pages. */
  private special(flags: number, { page, kind, value, size, keyBytes }: Value): string | undefined {
    const { bytes } = this.reader;
    if (flags === pages.treeNode && kind === 'main' && size === pages.treeBytes) {
      this.named.push(parseTree(bytes, value));
      return undefined;
    }
    if (kind === 'free' && keyBytes !== 8) return this.problem(page, 'a key has a wrong length');
    if (flags === 0) return this.freePages(page, bytes.subarray(value, value + size));
    if (flags !== pages.bigNode) return this.problem(page, `a node is of kind ${flags}`);
    const first = Number(bytes.readBigUInt64LE(value));
    const count = Number(bytes.readBigUInt64LE(value + 16));
    if (size > count * pageBytes - pages.pageHeaderBytes) {
      return this.problem(page, `a value of ${size} bytes has ${count} pages`);
    }
    const problem = this.claim(first, count, page);
    if (problem !== undefined) return problem;
    this.runs.push({ page: first, count });
    if (kind !== 'free') return undefined;
    const list = this.reader.run(first, count);
    return this.freePages(
      first,
      list.subarray(pages.pageHeaderBytes, pages.pageHeaderBytes + size),
    );
  }

  /**
   * A list of free pages: their number, then pages, or the length of a run as a negative number and
   * its first page; 0 is a gap.
   */
  private freePages(page: number, list: Buffer): string | undefined {
    const count = list.length < 8 ? Infinity : Number(list.readBigUInt64LE(0));
    if (count > list.length / 8 - 1)
      return this.problem(page, 'its list of free pages is too long');
    for (let i = 1; i <= count; i++) {
      const entry = list.readInt32LE(8 * i + 4) * 0x1_0000_0000 + list.readUInt32LE(8 * i);
      // A run is checked by its length here, and by its first page in the next round.
      if (entry > this.head.lastPage || -entry > this.head.lastPage || entry === 1) {
        return this.problem(page, `it lists page ${entry} as free`);
      }
    }
    return undefined;
  }

  private runHeads(): string | undefined {
    const { runs } = this;
    const first = Float64Array.from(runs, (run) => run.page).sort();
    const counts = new Map(runs.map((run) => [run.page, run.count]));
    return this.level(first, (page, at) => {
      const header = this.header(page, at, pages.overflowPage);
      if (header !== undefined) return header;
      const count = this.reader.longs[at / 4 + 5] as number;
      if (count === counts.get(page)) return undefined;
      return this.problem(page, `it begins a value of ${count} pages, not ${counts.get(page)}`);
    });
  }

  private header(page: number, at: number, kind: number): string | undefined {
    const what = pages.headerDamage(this.reader, at, { page, kind }, this.head);
    return what === undefined ? undefined : this.problem(page, what);
  }

  /** Notes that `by` points at pages. Each is pointed at once. */
  private claim(page: number, count: number, by: number): string | undefined {
    const end = page + count;
    if (!(page > 1 && count > 0 && end <= this.filePages && end <= this.head.lastPage + 1)) {
      return this.problem(by, `it points at page ${page}, which there is not`);
    }
    for (let at = page; at < end; at++) {
      const bit = 1 << (at & 7);
      const before = this.claimed[at >>> 3] as number;
      if ((before & bit) !== 0) return this.problem(at, 'two others point at it');
      this.claimed[at >>> 3] = before | bit;
    }
    return undefined;
  }

  private misplaced(page: number, index: number): string {
    return this.problem(page, `its node ${index} is not within it`);
  }

  private problem(page: number, what: string): string {
    return `page ${page} of the file "${this.file}" is overwritten: ${what}`;
  }
}

/** Where the value of a node is. */
interface Value {
  readonly page: number;
  readonly kind: TreeKind;
  /** Bytes in the reader's window. */
  readonly value: number;
  readonly size: number;
  readonly keyBytes: number;
}

function firstOf<T>(
  items: readonly T[],
  look: (item: T) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
