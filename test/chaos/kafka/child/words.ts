import type { EngineOptions } from '../../../../runtime/engine/engine-options.ts';
import type { Ambush } from '../../child/suicide.ts';

/** Something that a member does wrong, to see that the verifier finds out. */
export type KafkaBreakage =
  /** E3: positions go to the group without member and generation: nothing fences a zombie. */
  'E3-no-generation';

/** How members take part in their group. */
export interface GroupSettings {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly transactionTimeoutMs: number;
  readonly standbyReplicas: number;
}

/** What a member is told, as JSON in its one argument. */
export interface MemberSettings {
  readonly data: string;
  readonly brokers: readonly string[];
  readonly payments: string;
  readonly seed: number;
  readonly engine: EngineOptions;
  readonly group: GroupSettings;
  /** With a `group.instance.id`. */
  readonly static: boolean;
  readonly breakage: KafkaBreakage | undefined;
  /** Kills or freezes itself, exactly there. */
  readonly ambush: Ambush | undefined;
}

/** What a member says, one JSON object a line on standard output. */
export type MemberWord =
  /** It is in the group. */
  | { readonly say: 'ready' }
  /** A transaction of these inputs, `topic/partition`, is committed. */
  | {
      readonly say: 'committed';
      readonly inputs: readonly string[];
      readonly generation: number;
    }
  /** Said again and again. `rest`: it has taken everything that it knows of. */
  | {
      readonly say: 'status';
      readonly rest: boolean;
      readonly tasks: readonly string[];
      readonly restoring: number;
      readonly calls: number;
      /** Inputs that are not read to their end, `topic/partition position<end`, and `busy` where something is under way. */
      readonly behind: readonly string[];
    }
  /** What an operator is told. */
  | { readonly say: 'report'; readonly message: string }
  /** It has left in order. */
  | { readonly say: 'left' }
  /** It stopped by itself. */
  | { readonly say: 'failed'; readonly message: string };

/** What the loader is told, as JSON in its one argument. */
export interface LoaderSettings {
  readonly brokers: readonly string[];
  readonly baskets: string;
  readonly seed: number;
  readonly shortShare: number;
  /** Between two transactions of orders, ms. */
  readonly paceMs: number;
}

/** What the loader says. */
export type LoaderWord =
  | { readonly say: 'loaded'; readonly baskets: number }
  | { readonly say: 'done' }
  | { readonly say: 'failed'; readonly message: string };
