import type { LiveFigures } from './live-figures.ts';

/** Something that a supervisor starts, again and again if it must: an application in this process, or in one of its own. */
export interface Startable {
  /** Its topology file, as the user wrote it. */
  readonly file: string;
  /** Name of the application; of the file where that does not tell it. */
  readonly name: string;
  /**
   * Resolves when it runs. `signal` asks for less: a start that cannot be broken off may resolve all the same, and is then closed.
   * @throws why it cannot
   */
  start(signal: AbortSignal): Promise<Running>;
}

/** How far an application is, to be compared with what it said before. */
export interface Progress {
  /** It has taken all that its topics held when it was asked, and committed it. */
  readonly caughtUp: boolean;
  /** Transactions of this run. */
  readonly commits: number;
}

/** Something that was started. */
export interface Running {
  readonly application: string;
  /** Of the process that it runs in. */
  readonly pid: number;
  /** Where it answers queries; undefined: it does not. */
  readonly endpoint: string | undefined;
  /** Resolves when it has ended by itself, with why. Stays open otherwise. Never rejects. */
  readonly failed: Promise<unknown>;
  progress(): Promise<Progress>;
  /** What it does at present; undefined: nothing is known yet. */
  figures(): LiveFigures | undefined;
  /** Ends it in order. @throws what failed in closing it */
  close(): Promise<void>;
}
