import { hash } from 'node:crypto';
import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import { canonicalText } from '../canonical.ts';
import type { StageEnvironment } from '../environment.ts';
import { bind, compileKey, type Evaluate, newBindings, scopeOf } from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType } from '../ports.ts';
import type { Relay } from '../relay.ts';
import { RowWriter } from '../rows.ts';
import type { Stage, StageContext } from '../stage.ts';

/** The body of a record that compares nothing: any repeat of its key is a duplicate. */
const noBody = Buffer.alloc(0);
const digestBytes = 16;

interface Dedupe {
  readonly store: string;
  readonly first: string;
  readonly by: Evaluate | undefined;
  readonly compare: Evaluate | undefined;
  readonly retentionMs: number;
  readonly conflict: 'dead-letter' | 'drop' | { readonly out: string };
}

class DedupeOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #dedupe: Dedupe;
  readonly #rows: RowWriter;
  readonly #conflicts: Relay | undefined;

  constructor(context: StageContext, dedupe: Dedupe) {
    const { conflict, first } = dedupe;
    const conflicts = typeof conflict === 'object' ? conflict.out : undefined;
    super(context, conflicts === undefined ? [first] : [first, conflicts]);
    this.#dedupe = dedupe;
    this.#rows = new RowWriter(context.store(dedupe.store));
    this.#conflicts = conflicts === undefined ? undefined : this.output(conflicts);
  }

  protected override process(record: StreamRecord): void {
    const { by, compare, retentionMs } = this.#dedupe;
    const bindings = this.#bindings;
    bind(bindings, record);
    const key = by === undefined ? record.key : by(bindings);
    if (key === null) {
      this.outcomes.nullKey++;
      return;
    }
    const body = compare === undefined ? noBody : digest(compare(bindings));
    // Retention counts in stream time from the first sight, so that a late record is remembered as
    // long as any other.
    const now = Math.max(this.context.streamTime, record.time);
    const seen = this.#rows.store.row(key);
    if (seen === undefined || now - seen.time > retentionMs) {
      this.#rows.write(key, body, now);
      this.emit(record);
    } else if (body.equals(seen.value as Uint8Array)) {
      this.outcomes.duplicate++;
    } else {
      this.#conflict(record, key);
    }
  }

  #conflict(record: StreamRecord, key: unknown): void {
    if (this.#conflicts !== undefined) {
      this.outcomes.emitted++;
      this.outcomes.out++;
      this.#conflicts.next(record);
    } else if (this.#dedupe.conflict === 'drop') {
      this.outcomes.filtered++;
    } else {
      this.context.deadLetter(
        record,
        `stage "${this.context.stage}" has seen ${canonicalText(key)} with another body`,
      );
    }
  }
}

/**
 * Compiles `dedupe`: the first record of each key within the retention goes on; the same again is
 * counted as duplicate; the same key with another body is a conflict, which is dead-lettered,
 * dropped (counted as filtered) or sent to an output of its own. Null keys are dropped and counted.
 *
 * The store holds a digest of what is compared (128 bits of SHA-256 over {@link canonicalText}), or
 * no bytes where nothing is.
 */
export function compileDedupe(
  node: StageNode,
  operator: {
    readonly by: string;
    readonly compare?: string;
    readonly retentionMs: number;
    readonly conflict?: 'dead-letter' | 'drop' | { readonly out: string };
  },
  environment: StageEnvironment,
): Stage {
  const position = {
    environment,
    scope: scopeOf(environment, inputType(node)),
    args: 'record',
  } as const;
  const conflict = operator.conflict ?? 'dead-letter';
  const dedupe: Dedupe = {
    store: node.store ?? node.stores[0] ?? `${node.stage}-seen`,
    first: firstOutput(node, conflict),
    by: operator.by === 'key' ? undefined : compileKey({ expr: operator.by }, position),
    compare:
      operator.compare === undefined ? undefined : compileKey({ expr: operator.compare }, position),
    retentionMs: operator.retentionMs,
    conflict,
  };
  return { connect: (inputs, context) => new DedupeOperator(context, dedupe).open(inputs) };
}

function firstOutput(node: StageNode, conflict: Dedupe['conflict']): string {
  const conflicts = typeof conflict === 'object' ? conflict.out : undefined;
  return Object.keys(node.outputs).find((name) => name !== conflicts) ?? 'out';
}

function digest(body: unknown): Buffer {
  return hash('sha256', canonicalText(body), 'buffer').subarray(0, digestBytes);
}
