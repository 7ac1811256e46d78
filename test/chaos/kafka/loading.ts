import { WordyChild } from './child-process.ts';
import type { LoaderSettings, LoaderWord } from './child/words.ts';

/** The loader of a campaign: a process that starts again until everything is loaded. */
export class Loading {
  /** Resolves when everything is loaded. */
  readonly done: Promise<void>;
  /** Baskets that are in the log. */
  baskets = 0;
  #settings: LoaderSettings;
  #child: WordyChild<LoaderWord> | undefined;
  #killed = false;
  #over = false;

  constructor(settings: LoaderSettings) {
    this.#settings = settings;
    this.done = this.#run();
  }

  /** SIGKILL; it comes back. */
  kill(): void {
    this.#killed = true;
    this.#child?.signal('SIGKILL');
  }

  /** Loads the rest without pauses. */
  hurry(): void {
    this.#settings = { ...this.#settings, paceMs: 0 };
    this.kill();
  }

  /** Ends it for good. */
  end(): void {
    this.#over = true;
    this.kill();
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#killed = false;
      let last: LoaderWord | undefined;
      const child = new WordyChild<LoaderWord>('loader.ts', this.#settings, (word) => {
        last = word;
        if (word.say === 'loaded') this.baskets = word.baskets;
      });
      this.#child = child;
      await child.ended;
      if (this.#over || last?.say === 'done') return;
      if (!this.#killed) throw new Error(`the loader: ${JSON.stringify(last)}`);
    }
  }
}
