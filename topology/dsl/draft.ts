import { ConfigError } from '../core/errors.ts';
import type {
  CallDef,
  Definition,
  InputDef,
  OperatorDef,
  SinkDef,
  StageDef,
  StoreDef,
  StreamDef,
  TableDef,
} from '../definition/definition.ts';
import type { StageOptions } from './options.ts';
import { toErrorPolicy } from './options.ts';
import type { Use } from './use.ts';
import { present } from './use.ts';

/** What a stage is made of, beside its options. */
export interface StageParts {
  readonly inputs: readonly InputDef[];
  readonly operator: OperatorDef;
  readonly outputs?: StageDef['outputs'];
}

interface StageDraft {
  readonly def: StageDef;
  readonly sinks: SinkDef[];
}

/** The topology while it is being built. Names are unique per kind. */
export class Draft {
  readonly functions = new Map<string, unknown>();
  readonly #streams = new Map<string, StreamDef>();
  readonly #tables = new Map<string, TableDef>();
  readonly #stores = new Map<string, StoreDef>();
  readonly #calls = new Map<string, CallDef>();
  readonly #stages = new Map<string, StageDraft>();

  addStream(name: string, def: StreamDef): void {
    add(this.#streams, 'stream', name, def);
  }

  addTable(name: string, def: TableDef): void {
    add(this.#tables, 'table', name, def);
  }

  addStore(name: string, def: StoreDef): void {
    add(this.#stores, 'store', name, def);
  }

  addCall(name: string, def: CallDef): void {
    add(this.#calls, 'service', name, def);
  }

  addStage(name: string, parts: StageParts, options: StageOptions): void {
    const { doc, drop, errors } = options;
    const def = present<StageDef>({
      doc,
      drop,
      ...parts,
      errors: errors === undefined ? undefined : toErrorPolicy(errors),
    });
    add(this.#stages, 'stage', name, { def, sinks: [] });
  }

  addSinks(stage: string, sinks: readonly SinkDef[]): void {
    this.#stages.get(stage)?.sinks.push(...sinks);
  }

  /** Keeps the implementation of a function, if it was given. */
  readonly register = ({ use, fn }: Use): void => {
    if (fn === undefined) return;
    const known = this.functions.get(use);
    if (known !== undefined && known !== fn) {
      throw new ConfigError(
        'BUILDER_FUNCTION',
        `function "${use}" is given twice, and differently: give one of them another name`,
      );
    }
    this.functions.set(use, fn);
  };

  parts(): Pick<Definition, 'streams' | 'tables' | 'stores' | 'calls' | 'stages'> {
    const stages = [...this.#stages].map(([name, { def, sinks }]) => [
      name,
      sinks.length === 0 ? def : { ...def, to: [...sinks] },
    ]);
    return {
      streams: Object.fromEntries(this.#streams),
      tables: Object.fromEntries(this.#tables),
      stores: Object.fromEntries(this.#stores),
      calls: Object.fromEntries(this.#calls),
      stages: Object.fromEntries(stages) as Definition['stages'],
    };
  }
}

function add<T>(map: Map<string, T>, kind: string, name: string, def: T): void {
  if (map.has(name)) {
    throw new ConfigError(
      'BUILDER_NAME',
      `${kind} "${name}" is declared twice: give one of them another name`,
    );
  }
  map.set(name, def);
}
