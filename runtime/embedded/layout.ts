import { join } from 'node:path';

/** Where things lie in a data folder. Nothing but these sub-folders is created or touched in it. */
export interface DataLayout {
  readonly root: string;
  /** The embedded log. */
  readonly log: string;
  /** Process table and boot record of the log: a small LMDB environment. */
  readonly control: string;
  /** Topics, batches, positions, schemas: the LMDB environment of the log. */
  readonly records: string;
  /** What of the log is safely on disk: one file per process that writes. */
  readonly marks: string;
  /** What runners say of the applications that they run: a small file for each. */
  readonly status: string;
  /** State stores of an application. */
  state(application: string): string;
}

/** The layout of the data folder at `root`. */
export function dataLayout(root: string): DataLayout {
  const log = join(root, 'log');
  return {
    root,
    log,
    control: join(log, 'control'),
    records: join(log, 'records'),
    marks: join(log, 'marks'),
    status: join(root, 'status'),
    state: (application) => join(root, 'state', application),
  };
}
