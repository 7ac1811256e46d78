import { basename } from 'node:path';
import { type Application, type ApplicationOptions, startApplication } from '../application.ts';
import { systemClock } from '../system-clock.ts';
import { readTopology } from '../topology-source.ts';
import type { LiveFigures } from './live-figures.ts';
import { RunMeter } from './run-meter.ts';
import type { Progress, Running, Startable } from './startable.ts';

/** An application that is started in this process. */
export function inThisProcess(options: ApplicationOptions): Startable {
  return {
    file: options.topology,
    name: nameOf(options.topology),
    start: async () => new LocalRun(await startApplication(options)),
  };
}

/** Name of a topology's application; of its file where that cannot be read or has none. */
export function nameOf(file: string): string {
  const fallback = basename(file).replace(/\..*$/, '');
  try {
    return readTopology(file).definition?.application || fallback;
  } catch {
    return fallback;
  }
}

/** An application of this process, as a supervisor sees it. */
export class LocalRun implements Running {
  readonly local: Application;
  readonly meter: RunMeter;
  readonly pid = process.pid;
  readonly failed: Promise<unknown>;

  constructor(application: Application) {
    this.local = application;
    this.meter = new RunMeter(application, systemClock);
    this.failed = new Promise((resolve) => {
      void application.stopped.then(() => {
        if (application.failure !== undefined) resolve(application.failure);
      });
    });
  }

  get application(): string {
    return this.local.definition.application;
  }

  get endpoint(): string | undefined {
    return this.local.endpoint;
  }

  async progress(): Promise<Progress> {
    // A log that cannot be asked is no failure of its own: the engine meets it, with its reaction.
    const caughtUp = await this.local.caughtUp().catch(() => false);
    return { caughtUp, commits: this.local.commits };
  }

  figures(): LiveFigures {
    return this.meter.figures();
  }

  close(): Promise<void> {
    return this.local.close();
  }
}
