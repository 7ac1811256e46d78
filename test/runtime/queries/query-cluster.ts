import { memberClient } from '../../../runtime/queries/member-client.ts';
import { MemberQueries } from '../../../runtime/queries/member-queries.ts';
import {
  compileQueriesOptions,
  type QueriesOptions,
} from '../../../runtime/queries/queries-options.ts';
import { QueryServer } from '../../../runtime/queries/query-server.ts';
import type { AskMember, StoreQuery } from '../../../runtime/queries/store-query.ts';
import type { MemberView } from '../../../runtime/ports.ts';
import { Cluster, type ClusterOptions } from '../engine/cluster.ts';

/** A cluster in one process whose members answer queries over HTTP, on the machine's own network. */
export class QueryCluster {
  readonly cluster: Cluster;
  readonly servers = new Map<string, QueryServer>();
  readonly reports: string[] = [];
  /** Member, and what another one asked it. */
  readonly asked: string[] = [];
  private readonly queries = new Map<string, MemberQueries>();
  private readonly options: QueriesOptions;

  constructor(topology: string, options: ClusterOptions = {}, queries: QueriesOptions = {}) {
    this.cluster = new Cluster(topology, options);
    this.options = queries;
  }

  async start(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const compiled = compileQueriesOptions(this.options);
      const server = await QueryServer.listen(compiled);
      this.servers.set(name, server);
      await this.cluster.start(name, { endpoint: server.endpoint });
      const local = this.cluster.members.get(name)?.assembled?.queries;
      if (local === undefined) throw new Error(`${name} did not start`);
      const queries = new MemberQueries({
        application: this.cluster.plan.application,
        local,
        members: () => this.members(name),
        ask: this.tapped(
          memberClient({
            application: this.cluster.plan.application,
            token: compiled.token,
            timeoutMs: compiled.timeoutMs,
            clock: this.cluster.clock,
          }),
        ),
        report: (message) => this.reports.push(message),
      });
      server.source = queries;
      this.queries.set(name, queries);
    }
  }

  query(name: string, store = 'by-key'): Promise<StoreQuery> {
    return this.queries.get(name)?.query(store) as Promise<StoreQuery>;
  }

  url(name: string): string {
    return this.servers.get(name)?.endpoint ?? '';
  }

  /** Views of the members as a member has them. */
  members(name: string): readonly MemberView[] {
    return this.cluster.engine(name).members;
  }

  async close(): Promise<void> {
    for (const server of this.servers.values()) await server.close();
    await this.cluster.close();
  }

  private tapped(ask: AskMember): AskMember {
    return (endpoint, view, scan) => {
      const [name] = [...this.servers].find(([, it]) => it.endpoint === endpoint) ?? [];
      this.asked.push(`${name}: ${scan.partitions.join(',')}`);
      return ask(endpoint, view, scan);
    };
  }
}
