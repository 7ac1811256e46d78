import type { MemberView } from '../ports.ts';
import type { LocalQueries } from './local-queries.ts';
import { MemberStoreQuery } from './member-store-query.ts';
import type { QuerySource } from './query-routes.ts';
import type { AskMember, StoreQuery } from './store-query.ts';

export interface MemberQueriesOptions {
  readonly application: string;
  readonly local: LocalQueries;
  /** All members as of the last assignment; none where the log has one member only. */
  readonly members: () => readonly MemberView[];
  readonly ask: AskMember;
  readonly report: (message: string) => void;
}

/** Queries of all stores, as one member answers them. */
export class MemberQueries implements QuerySource {
  private readonly options: MemberQueriesOptions;

  constructor(options: MemberQueriesOptions) {
    this.options = options;
  }

  get application(): string {
    return this.options.application;
  }

  get stores(): readonly string[] {
    return this.options.local.stores;
  }

  async query(store: string): Promise<StoreQuery> {
    const { local, members, ask } = this.options;
    return new MemberStoreQuery(await local.view(store), members, ask);
  }

  report(message: string): void {
    this.options.report(message);
  }
}
