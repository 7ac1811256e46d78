import type { EngineOptions } from '../../../runtime/engine/engine-options.ts';
import type { SyncMode } from '../../../runtime/embedded/durability.ts';
import type { CallAmbush } from './call-suicide.ts';

/** Moments at which a runner kills itself: exactly there, where a signal from outside hits by chance. */
export const suicidePoints = [
  /** The engine hands a transaction to the log. */
  'commit.begin',
  /** The log is at work on it. */
  'commit.running',
  /** The log has acknowledged it; the state stores lack it. */
  'commit.logged',
  /** The state stores are at work on it. */
  'apply.running',
  /** The state stores have it; the engine does not know yet. */
  'apply.done',
  /** The loader's transaction is in the log; the loader does not know yet. */
  'load.logged',
] as const;

export type SuicidePoint = (typeof suicidePoints)[number];

/** An invariant that a runner breaks, to see that the verifier finds out. */
export type Breakage =
  /** E3: a transaction carries the input positions of the one before. */
  | 'E3-positions-of-before'
  /** E3: a transaction carries no input positions. */
  | 'E3-no-positions'
  /** E4: a commit is acknowledged before the log has it, so that the disk store takes the overlay first. */
  | 'E4-acknowledged-early'
  /** E4: as before, and rows and changelog position come in two disk transactions. */
  | 'E4-rows-first';

/** What a runner is told, as JSON in its one argument. */
export interface RunnerSettings {
  /** Topology file. @defaultValue that of the order system */
  readonly topology?: string;
  /** Folder that keeps compiled modules: with many short lives, most of one is its start. @defaultValue each life compiles anew */
  readonly compiled?: string;
  readonly data: string;
  readonly baskets: string;
  readonly payments: string;
  /** Load no more than about so many baskets in all; undefined: all, then wait for the end and add up. */
  readonly upTo: number | undefined;
  readonly seed: number;
  readonly shortShare: number;
  readonly sync: SyncMode;
  readonly engine: EngineOptions;
  readonly breakage: Breakage | undefined;
  /** Kill itself when the point is reached for the so-manieth time, from 1. */
  readonly suicide: { readonly point: SuicidePoint; readonly at: number } | undefined;
  /** Kill itself at a step of a call. */
  readonly callSuicide?: CallAmbush;
}

/** What the summary says, as `npm start` makes it. */
export interface Books {
  readonly conservation: boolean;
  readonly ledger: boolean;
}

/** What a runner says, one JSON object a line on standard output. */
export type RunnerWord =
  /** The application runs: everything is restored. `calls` are the intents that it issues again. */
  | { readonly say: 'ready'; readonly calls: number }
  /** A transaction of the loader. */
  | { readonly say: 'loaded'; readonly baskets: number }
  /** A transaction of the tasks. */
  | { readonly say: 'committed' }
  /** It kills itself at the step of a call that it was told, with these idempotency keys. */
  | { readonly say: 'struck'; readonly keys: readonly string[] }
  /** Nothing is left to do with what it may load. */
  | { readonly say: 'idle' }
  /** What an operator is told: a store is rebuilt. */
  | { readonly say: 'report'; readonly message: string }
  /** It came to its end. */
  | { readonly say: 'done'; readonly books: Books }
  /** The application stopped by itself. */
  | { readonly say: 'failed'; readonly message: string };
