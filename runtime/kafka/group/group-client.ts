import { call } from '../client.ts';
import { codeOf } from '../error-codes.ts';
import { heartbeat, type HeartbeatRequest } from '../messages/heartbeat.ts';
import {
  joinGroup,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '../messages/join-group.ts';
import { leaveGroup, type LeaveGroupRequest } from '../messages/leave-group.ts';
import {
  syncGroup,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '../messages/sync-group.ts';
import type { Api } from '../protocol/api.ts';
import type { KafkaWire, RawRequest } from '../wire.ts';

/** Requests of a member to the coordinator of its group. Each is tried once; the coordinator is looked up anew after it has moved or failed. */
export class GroupClient {
  private readonly wire: KafkaWire;
  private readonly group: string;
  private stale = false;

  constructor(wire: KafkaWire, group: string) {
    this.wire = wire;
    this.group = group;
  }

  join(request: JoinGroupRequest, timeoutMs: number): Promise<JoinGroupResponse> {
    return this.send(joinGroup, request, { timeoutMs, lane: 'group' });
  }

  sync(request: SyncGroupRequest, timeoutMs: number): Promise<SyncGroupResponse> {
    return this.send(syncGroup, request, { timeoutMs, lane: 'group' });
  }

  /** Goes beside a JoinGroup that waits. Gives the error code. */
  async heartbeat(request: HeartbeatRequest, timeoutMs: number): Promise<number> {
    const { errorCode } = await this.send(heartbeat, request, { timeoutMs, lane: 'control' });
    return errorCode;
  }

  /** Gives the error code. */
  async leave(request: LeaveGroupRequest, timeoutMs: number): Promise<number> {
    const response = await this.send(leaveGroup, request, { timeoutMs, lane: 'control' });
    return response.errorCode === 0 ? (response.members[0]?.errorCode ?? 0) : response.errorCode;
  }

  private async send<Request, Response extends { readonly errorCode: number }>(
    api: Api<Request, Response>,
    request: Request,
    options: { readonly timeoutMs: number; readonly lane: RawRequest['lane'] },
  ): Promise<Response> {
    const refresh = this.stale;
    this.stale = false;
    try {
      const node = await this.wire.coordinator(this.group, 'group', refresh);
      const response = await call(this.wire, node, api, request, options);
      if (codeOf(response.errorCode).reaction === 'refind-coordinator') this.stale = true;
      return response;
    } catch (error) {
      this.stale = true;
      throw error;
    }
  }
}
