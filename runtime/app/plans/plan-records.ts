import { SerdeError } from '../../../topology/core/errors.ts';
import { controlTopic } from '../../../topology/core/names.ts';
import { noHeaders } from '../../../topology/core/record.ts';
import { digestOf, type Manifest } from '../../../topology/plan/compare/manifest.ts';
import { RecordBatchBuilder } from '../../codec/batch-builder.ts';
import { readTo } from '../../engine/changelog-reader.ts';
import type { Log } from '../../ports.ts';
import { OneAtATime } from '../../one-at-a-time.ts';
import { manifestKey, planKey } from '../../task/task-control.ts';
import { appendOnce } from '../append-once.ts';

/** A plan that ran, or that a member would run. */
export interface StoredPlan {
  readonly digest: string;
  readonly manifest: Manifest;
  /** Where it stands in the control topic: the later one is the newer. */
  readonly offset: number;
}

/** The plans that the control topic of an application knows. */
export interface PlanHistory {
  /** The newest that was let into the group; undefined: none ran. */
  readonly current: StoredPlan | undefined;
  readonly plans: ReadonlyMap<string, StoredPlan>;
}

interface StoredManifest {
  readonly version: 1;
  readonly manifest: Manifest;
}

interface StoredPointer {
  readonly version: 1;
  readonly digest: string;
}

/**
 * Manifests in `<application>-control`: `manifest:<digest>` holds one, written by each member before it
 * joins the group; `plan` says which one runs, written before anything is assigned to it.
 */
export class PlanRecords {
  private readonly log: Log;
  private readonly application: string;
  private readonly client: string;
  /** A leader that has to begin anew may not wait for what it wrote before: two appends at a time would fence each other. */
  private readonly appends = new OneAtATime();

  /** `slot` tells this member's producer from others'. */
  constructor(log: Log, application: string, slot: string) {
    this.log = log;
    this.application = application;
    this.client = `${application}-plan-${slot}`;
  }

  /**
   * What is known now. `uncommitted`: what others have written is waited for; `committed`: at once, though
   * the newest may be missing while a transaction of another member is open.
   * @throws {SerdeError} CONTROL_VERSION when a newer version of this library wrote a plan
   */
  async read(isolation: 'committed' | 'uncommitted'): Promise<PlanHistory> {
    const at = { topic: controlTopic(this.application), partition: 0 };
    if ((await this.log.admin.describe(at.topic)) === undefined) {
      return { current: undefined, plans: new Map() };
    }
    const [ends] = await this.log.ends([at], isolation);
    const plans = new Map<string, StoredPlan>();
    let current: string | undefined;
    const from = { ...at, offset: ends?.start ?? 0 };
    await readTo(this.log, from, ends?.end ?? 0, (records) => {
      for (const { key, value, offset } of records) {
        const name = key?.toString() ?? '';
        if (name === planKey && value !== null) current = read(value).digest;
        if (!name.startsWith(manifestKey(''))) continue;
        const digest = name.slice(manifestKey('').length);
        if (value === null) plans.delete(digest);
        else plans.set(digest, { digest, manifest: read(value).manifest, offset });
      }
    });
    return { current: current === undefined ? undefined : plans.get(current), plans };
  }

  /** Stores a manifest, and gives its digest. */
  async add(manifest: Manifest): Promise<string> {
    const digest = digestOf(manifest);
    const stored: StoredManifest = { version: 1, manifest };
    await this.write([[manifestKey(digest), stored]]);
    return digest;
  }

  /** Says which plan runs from now on, and forgets others. */
  async setCurrent(digest: string, forget: readonly string[]): Promise<void> {
    const pointer: StoredPointer = { version: 1, digest };
    await this.write([
      [planKey, pointer],
      ...forget.map((old) => [manifestKey(old), null] as const),
    ]);
  }

  private async write(
    entries: readonly (readonly [key: string, value: object | null])[],
  ): Promise<void> {
    const builder = new RecordBatchBuilder();
    for (const [key, value] of entries) {
      const bytes = value === null ? null : Buffer.from(JSON.stringify(value));
      builder.appendPair(0, Buffer.from(key), bytes, noHeaders);
    }
    const append = {
      topic: controlTopic(this.application),
      partition: 0,
      records: builder.count,
      batch: builder.finish(),
    };
    await this.appends.run(() => appendOnce(this.log, this.client, append));
  }
}

/** What a record of a plan holds. */
function read(bytes: Buffer): StoredManifest & StoredPointer {
  const stored = JSON.parse(bytes.toString()) as StoredManifest & StoredPointer;
  if (stored.version === 1) return stored;
  throw new SerdeError(
    'CONTROL_VERSION',
    `the control topic holds a plan of version ${String(stored.version)}; this version reads 1`,
  );
}
