import type { LiveFigures } from '../../app/runner/live-figures.ts';
import type { Progress } from '../../app/runner/startable.ts';
import type { ErrorPlace } from '../../../topology/core/errors.ts';
import type { RunOptions } from '../run-options.ts';

/** What a child process is to run: its argument, as JSON. */
export interface ChildOrder {
  readonly file: string;
  readonly options: RunOptions;
}

/** What a child that runs an application tells the runner. */
export type ChildWord =
  | { readonly say: 'running'; readonly application: string; readonly endpoint?: string }
  | { readonly say: 'figures'; readonly figures: LiveFigures }
  | { readonly say: 'progress'; readonly progress: Progress }
  | {
      readonly say: 'failed';
      readonly code: string;
      readonly message: string;
      readonly text: string;
      readonly exitCode: number;
      readonly final: boolean;
      readonly place: ErrorPlace;
    };

/** What the runner tells a child. Progress is asked for and told in turn: one question at a time. */
export type RunnerWord = 'progress' | 'stop';
