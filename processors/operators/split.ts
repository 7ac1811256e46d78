import type { StreamRecord } from '../../topology/core/record.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type { StageNode } from '../../topology/plan/plan.ts';
import type { StageEnvironment } from '../environment.ts';
import { bind, compileTest, type Evaluate, newBindings, scopeOf } from '../functions.ts';
import { Operator } from '../operator.ts';
import { inputType } from '../ports.ts';
import type { Relay } from '../relay.ts';
import type { Stage, StageContext } from '../stage.ts';

interface Branch {
  readonly name: string;
  readonly test: Evaluate;
}

class SplitOperator extends Operator {
  readonly #bindings: Bindings = newBindings();
  readonly #branches: readonly { readonly test: Evaluate; readonly relay: Relay }[];
  readonly #rest: Relay | undefined;

  constructor(context: StageContext, branches: readonly Branch[], rest: string | null) {
    const names = branches.map((branch) => branch.name);
    super(context, rest === null ? names : [...names, rest]);
    this.#branches = branches.map(({ name, test }) => ({ test, relay: this.output(name) }));
    this.#rest = rest === null ? undefined : this.output(rest);
  }

  protected override process(record: StreamRecord): void {
    const bindings = this.#bindings;
    bind(bindings, record);
    for (let i = 0; i < this.#branches.length; i++) {
      const branch = this.#branches[i] as { readonly test: Evaluate; readonly relay: Relay };
      if (branch.test(bindings) === true) return this.#send(branch.relay, record);
    }
    if (this.#rest === undefined) this.outcomes.filtered++;
    else this.#send(this.#rest, record);
  }

  #send(relay: Relay, record: StreamRecord): void {
    this.outcomes.emitted++;
    this.outcomes.out++;
    relay.next(record);
  }
}

/**
 * Compiles `split`: the first branch that matches takes the record; the rest goes to its own branch
 * or is counted as filtered. Kafka Streams `KStreamBranch`.
 */
export function compileSplit(
  node: StageNode,
  operator: {
    readonly branches: readonly { readonly name: string; readonly when: string }[];
    readonly rest: string | null;
  },
  environment: StageEnvironment,
): Stage {
  const scope = scopeOf(environment, inputType(node));
  const branches = operator.branches.map(({ name, when }) => ({
    name,
    test: compileTest({ expr: when }, { environment, scope, args: 'record' }),
  }));
  return {
    connect: (inputs, context) => new SplitOperator(context, branches, operator.rest).open(inputs),
  };
}
