import type { Alias, Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { nearestName } from '../core/problem.ts';
import type { Place } from '../definition/place.ts';
import type { Span, Written, WrittenEntry, WrittenScalar } from '../definition/written.ts';
import { rejoinCut } from './cut-expressions.ts';
import { syntaxProblems } from './syntax-problems.ts';
import { emptyScalar, verbatim, writtenScalar } from './written-scalar.ts';

/** More values than this after expanding aliases are refused: no honest file has them. */
const maxValues = 1_000_000;

type Node = YAMLMap | YAMLSeq | Scalar | Alias;

/**
 * Reads a text as YAML 1.2 (core schema) into what was written. Reports what is wrong with it as
 * YAML; undefined if the text as a whole cannot be read.
 */
export function readYaml(text: string, at: Place): Written | undefined {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    keepSourceTokens: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const problems = syntaxProblems(document.errors, text);
  for (const { span, message, report } of problems) at.error('E001', span, message, report);
  if (problems.length > 0) return undefined;
  const root = document.contents as Node | null;
  if (root === null) return emptyScalar([0, 0]);
  const reader = new Reader(text, document, at);
  const written = reader.node(root);
  if (reader.size(written) <= maxValues) return written;
  at.error(
    'E007',
    reader.firstAlias ?? [0, 0],
    'aliases that expand to more than a million values',
  );
  return undefined;
}

/**
 * One document on its way from the library's nodes to ours. An anchored node is read once, however
 * often it is used.
 */
class Reader {
  readonly text: string;
  readonly document: Document;
  readonly at: Place;
  readonly done = new Map<Node, Written>();
  readonly open = new Set<Node>();
  readonly sizes = new Map<Written, number>();
  firstAlias: Span | undefined;

  constructor(text: string, document: Document, at: Place) {
    this.text = text;
    this.document = document;
    this.at = at;
  }

  node(node: Node): Written {
    const known = this.done.get(node);
    if (known !== undefined) return known;
    this.open.add(node);
    const written = this.read(node);
    this.open.delete(node);
    this.done.set(node, written);
    return written;
  }

  read(node: Node): Written {
    const span = spanOf(node);
    if (isAlias(node)) return this.alias(node, span);
    const untagged = this.checkTag(node, span);
    if (untagged !== undefined) return untagged;
    if (isMap(node)) return { kind: 'map', span, entries: this.entries(node) };
    if (isSeq(node)) {
      const items = node.items.map((item) => this.node(item as Node));
      return { kind: 'list', span, items };
    }
    return writtenScalar(node, span);
  }

  alias(node: Alias, span: Span): Written {
    this.firstAlias ??= span;
    const target = node.resolve(this.document) as Node | undefined;
    if (target !== undefined && !this.open.has(target)) return this.node(target);
    if (target !== undefined) {
      this.at.error('E007', span, `alias "*${node.source}" stands inside what it names`);
    } else {
      const anchors = this.text.matchAll(/&([^\s,[\]{}]+)/g);
      const near = nearestName(
        node.source,
        [...anchors].map(([, anchor]) => anchor as string),
      );
      this.at.error('E007', span, `no anchor "&${node.source}" stands before this alias`, {
        suggestion:
          near === undefined
            ? 'quote an expression that starts with "*"'
            : `did you mean "*${near}"?`,
      });
    }
    return { ...emptyScalar(span), style: 'broken' };
  }

  /**
   * Reports a tag that is not one of the core schema's. A scalar that was one is given back as it
   * stands: it may be an expression.
   */
  checkTag(node: Exclude<Node, Alias>, span: Span): Written | undefined {
    const { tag } = node;
    if (tag === undefined || /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/.test(tag)) {
      return undefined;
    }
    const start = Math.max(0, this.text.lastIndexOf('!', Math.max(0, span[0] - 1)));
    const end = isScalar(node) ? Math.max(span[1], start + 1) : start + tag.length;
    const source = this.text.slice(start, end).trimEnd();
    this.at.error('E005', [start, start + source.length], `no tags: "${tag}" is unknown`, {
      suggestion: `quote an expression that starts with "!": '${source.replaceAll("'", "''")}'`,
    });
    return isScalar(node) ? verbatim(this.text, [start, start + source.length]) : undefined;
  }

  entries(map: YAMLMap): WrittenEntry[] {
    const found = new Map<string, WrittenEntry>();
    const pairs = map.items;
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i] as Pair;
      const key = this.key(pair);
      const cut = map.flow ? rejoinCut(pairs, i, this) : undefined;
      i += cut?.used ?? 0;
      if (key === undefined) continue;
      const value = cut?.value ?? this.value(pair, key);
      const first = found.get(key.text);
      if (first === undefined) found.set(key.text, { key, value });
      else this.duplicate(key, first.key);
    }
    return [...found.values()];
  }

  key(pair: Pair): WrittenScalar | undefined {
    const key = this.node(pair.key as Node);
    if (key.kind === 'scalar' && key.style !== 'empty') return key;
    this.at.error('E002', key.span, 'a key must be a text');
    return undefined;
  }

  value(pair: Pair, key: WrittenScalar): Written {
    if (pair.value !== null) return this.node(pair.value as Node);
    return emptyScalar([key.span[1], key.span[1]]);
  }

  duplicate(key: WrittenScalar, first: WrittenScalar): void {
    this.at.error('E004', key.span, `key "${key.text}" is there twice`, {
      notes: [{ message: 'first here', span: first.span }],
    });
  }

  /** Values below a node, each alias counted as often as it is used. */
  size(node: Written): number {
    const known = this.sizes.get(node);
    if (known !== undefined) return known;
    let size = 1;
    if (node.kind === 'list') for (const item of node.items) size += this.size(item);
    if (node.kind === 'map') for (const { value } of node.entries) size += this.size(value);
    this.sizes.set(node, size);
    return size;
  }
}

function spanOf(node: Node): Span {
  return node.range ? [node.range[0], node.range[1]] : [0, 0];
}
