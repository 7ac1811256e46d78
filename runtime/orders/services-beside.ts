import { runApplications } from '../app/runner/application-runner.ts';
import type { ApplicationRunner } from '../app/runner/application-runner.ts';
import type { ApplicationOptions } from '../app/application.ts';
import type { Logger } from '../logger.ts';
import type { Log } from '../ports.ts';
import { Picker } from './picker.ts';
import type { PickerOptions } from './picker.ts';
import { readPaidOrders } from './services/paid-orders.ts';
import { reportServices } from './services/reports.ts';
import type { ServiceReport } from './services/service-report.ts';
import type { ShopSerdes } from './shop-serdes.ts';

/** What the services beside `orders` stand on. */
export interface ServicesOptions {
  /** Topology files of the services. */
  readonly files: readonly string[];
  /** What all of them have in common: data folder, log, options. */
  readonly application: Omit<ApplicationOptions, 'topology' | 'logger' | 'report'>;
  readonly logger: Logger;
  readonly log: Log;
  readonly serdes: ShopSerdes;
  readonly picks: Pick<PickerOptions, 'seed' | 'share'>;
  /** The mail server's book; undefined: a server of somebody else's. */
  readonly mailBook: string | undefined;
}

/** The services beside `orders`, each an application of its own, and the people in the stores who pick. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #runner: ApplicationRunner;
  readonly #picker: Picker | undefined;

  private constructor(
    options: ServicesOptions,
    runner: ApplicationRunner,
    picker: Picker | undefined,
  ) {
    this.#options = options;
    this.#runner = runner;
    this.#picker = picker;
  }

  /** Resolves when each has been started once. One that fails is started again, and stops no other. */
  static async start(options: ServicesOptions): Promise<Services> {
    const { files, application, logger, log, serdes, picks } = options;
    const runner = runApplications(
      files.map((topology) => ({ ...application, topology })),
      { logger },
    );
    try {
      await runner.started;
      return new Services(options, runner, await Picker.open({ log, serdes, ...picks }));
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  /** Lets the people in the stores pick; true if they did. */
  async poll(): Promise<boolean> {
    return (await this.#picker?.poll()) ?? false;
  }

  /** True when no service has anything left to do, and nobody anything left to pick. */
  async atRest(): Promise<boolean> {
    if (await this.poll()) return false;
    const none = this.#alive().length === 0;
    return none || ((await this.#runner.caughtUp()) && !(await this.poll()));
  }

  /** What each has to show; one that has failed shows that. */
  async report(): Promise<readonly ServiceReport[]> {
    const { log, serdes, mailBook } = this.#options;
    const paid = await readPaidOrders(log, serdes);
    const alive = this.#alive().map(({ name }) => name);
    const failed = this.#runner.supervisors.filter(({ name }) => !alive.includes(name));
    return [
      ...(await reportServices(alive, { log, serdes, paid, mailBook })),
      ...failed.map(({ name, failure }) => failureReport(name, failure)),
    ];
  }

  /** Ends all of them in order. */
  async close(): Promise<void> {
    try {
      await this.#picker?.close();
    } finally {
      await this.#runner.close();
    }
  }

  #alive(): ApplicationRunner['supervisors'] {
    return this.#runner.supervisors.filter(({ state }) => state !== 'failed');
  }
}

function failureReport(service: string, failure: unknown): ServiceReport {
  const message = failure instanceof Error ? failure.message : String(failure);
  return {
    service,
    lines: [`has failed: ${message}`],
    figures: { failure: message, holds: false },
    holds: false,
  };
}
