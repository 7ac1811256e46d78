import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MappedBudget } from '../../../runtime/mapped/mapped-budget.ts';
import type { StateBackend, StateWrites } from '../../../runtime/ports.ts';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import type { ChangelogRecord } from '../../../runtime/state/restore.ts';
import { restoreWrites } from '../../../runtime/state/restore.ts';
import type { ChangelogSink, TaskTime } from '../../../runtime/state/task-store.ts';
import { TaskStore } from '../../../runtime/state/task-store.ts';
import { StoreCache } from '../../../runtime/state/working-set.ts';
import { jsonSerde, primitiveSerde } from '../../../schemas/index.ts';
import type { Serde } from '../../../schemas/index.ts';
import type { AvroType } from '../../../topology/core/avro.ts';
import { spentBudget } from '../mapped/budgets.ts';

/** A state backend that can be closed and opened again, as a process that ends and starts does. */
export interface BackendFixture {
  readonly name: string;
  open(): Promise<StateBackend>;
  reopen(): Promise<StateBackend>;
  dispose(): Promise<void>;
}

export function memoryFixture(): BackendFixture {
  const backend = new MemoryStateBackend();
  return {
    name: 'MemoryStateBackend',
    open: async () => backend,
    reopen: async () => backend,
    dispose: async () => {},
  };
}

export function lmdbFixture(): BackendFixture {
  return lmdbOf('LmdbStateBackend', () => undefined);
}

/** LMDB, with the file mapped anew after every write. */
export function renewingFixture(): BackendFixture {
  return lmdbOf('LmdbStateBackend, mapped anew all the time', spentBudget);
}

function lmdbOf(name: string, budget: () => MappedBudget | undefined): BackendFixture {
  const stateFolder = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  let backend: LmdbStateBackend | undefined;
  const open = async (): Promise<LmdbStateBackend> => {
    backend = await LmdbStateBackend.open({
      stateFolder,
      application: 'app',
      setAside: ({ reason }) => {
        throw new Error(`set aside: ${reason}`);
      },
      budget: budget(),
    });
    return backend;
  };
  return {
    name,
    open,
    reopen: async () => {
      await backend?.close();
      return open();
    },
    dispose: async () => {
      await backend?.close();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}

export interface StoreSettings {
  readonly ttl?: number | 'none';
  readonly cacheBytes?: number;
  readonly key?: AvroType;
  readonly keySerde?: Serde;
  readonly valueSerde?: Serde;
  readonly sourceBacked?: boolean;
}

/** A task's store, its time, its changelog, and the engine's part of the commit protocol. */
export class StoreRig {
  readonly backend: StateBackend;
  readonly time: TaskTime = { streamTime: -1 };
  readonly changelog: ChangelogRecord[];
  readonly store: TaskStore;
  readonly cache: StoreCache;
  readonly #settings: StoreSettings;
  readonly #inCommit: ChangelogRecord[][] = [];
  readonly #toApply: (readonly StateWrites[])[] = [];

  constructor(
    backend: StateBackend,
    settings: StoreSettings = {},
    changelog: ChangelogRecord[] = [],
  ) {
    this.backend = backend;
    this.changelog = changelog;
    this.#settings = settings;
    this.cache = new StoreCache(settings.cacheBytes ?? 1 << 20);
    this.store = new TaskStore({
      plan: {
        name: 'totals',
        key: settings.key ?? { kind: 'string' },
        ttl: settings.ttl ?? 'none',
        sourceBacked: settings.sourceBacked ?? false,
      },
      partition: 0,
      keySerde: settings.keySerde ?? primitiveSerde('string'),
      valueSerde: settings.valueSerde ?? jsonSerde,
      backend,
      cache: this.cache,
      time: this.time,
    });
  }

  /** Runs a batch and completes it. */
  batch(work: (store: TaskStore) => void): void {
    this.store.beginBatch();
    work(this.store);
    this.store.commitBatch();
  }

  seal(): ChangelogRecord[] {
    const records: ChangelogRecord[] = [];
    const sink: ChangelogSink = {
      append: (time, key, value, keep) => records.push({ time, key, value, keep }),
    };
    this.store.seal(sink);
    this.#inCommit.push(records);
    return records;
  }

  get inCommit(): number {
    return this.#inCommit.length;
  }

  get toApply(): number {
    return this.#toApply.length;
  }

  acknowledge(): void {
    this.changelog.push(...(this.#inCommit.shift() ?? []));
    this.#toApply.push(this.store.acknowledged(this.changelog.length));
  }

  async apply(): Promise<void> {
    await this.backend.apply(this.#toApply.shift() ?? [], 'log-1');
    this.store.applied();
  }

  /** Seal, acknowledge, apply. */
  async commit(): Promise<ChangelogRecord[]> {
    const records = this.seal();
    this.acknowledge();
    await this.apply();
    return records;
  }

  dropUncommitted(): void {
    this.store.dropUncommitted();
    this.#inCommit.length = 0;
  }

  /** What a new process does: a new store, brought up to the end of the changelog. */
  async restart(backend: StateBackend, chunk = 3): Promise<StoreRig> {
    const store = { name: 'totals', partition: 0, ttl: this.#settings.ttl ?? 'none' } as const;
    for (let at = backend.open('totals', 0).position() ?? 0; at < this.changelog.length;) {
      const records = this.changelog.slice(at, at + chunk);
      at += records.length;
      await backend.apply(restoreWrites(store, records, at), 'log-1');
    }
    return new StoreRig(backend, this.#settings, this.changelog);
  }

  /** Everything that the store shows. */
  content(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.store.range()].map(([key, row]) => [key, [row.value, row.time, row.keep]]),
    );
  }
}
