import type { Progress, Running, Startable } from '../../../../runtime/app/runner/startable.ts';
import type { LogFields, Logger, LogLevel } from '../../../../runtime/logger.ts';

/** One run of a {@link FakeStartable}. */
export class FakeRun implements Running {
  readonly application: string;
  readonly pid = 7;
  readonly endpoint = undefined;
  readonly failed: Promise<unknown>;
  closed = false;
  progressed: Progress = { caughtUp: false, commits: 0 };
  /** Makes it fail, as if by itself. */
  fail: (error: unknown) => void = () => {};

  constructor(application: string) {
    this.application = application;
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  async progress(): Promise<Progress> {
    return this.progressed;
  }

  figures(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Starts at once, or fails as it is told to. */
export class FakeStartable implements Startable {
  readonly file: string;
  readonly name: string;
  readonly runs: FakeRun[] = [];
  /** What each start throws, in order; then they succeed. */
  refusals: unknown[] = [];

  constructor(file: string) {
    this.file = file;
    this.name = file.replace('.yaml', '');
  }

  async start(): Promise<Running> {
    if (this.refusals.length > 0) throw this.refusals.shift();
    const run = new FakeRun(this.name);
    this.runs.push(run);
    return run;
  }

  get last(): FakeRun {
    return this.runs.at(-1) as FakeRun;
  }
}

/** Keeps what it is told. */
export class KeptLines implements Logger {
  readonly lines: { level: LogLevel; message: string; fields: LogFields | undefined }[] = [];

  log(level: LogLevel, message: string, fields?: LogFields): void {
    this.lines.push({ level, message, fields });
  }

  get messages(): string[] {
    return this.lines.map(({ level, message }) => `${level}: ${message}`);
  }
}
