import { call } from '../client.ts';
import { codeOf } from '../error-codes.ts';
import { describeGroups } from '../messages/describe-groups.ts';
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
import { groupRefused } from './group-errors.ts';

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
    return this.send(joinGroup, request, { timeoutMs, lane: 'group' }, codeOfResponse);
  }

  sync(request: SyncGroupRequest, timeoutMs: number): Promise<SyncGroupResponse> {
    return this.send(syncGroup, request, { timeoutMs, lane: 'group' }, codeOfResponse);
  }

  /** Goes beside a JoinGroup that waits. Gives the error code. */
  async heartbeat(request: HeartbeatRequest, timeoutMs: number): Promise<number> {
    const { errorCode } = await this.send(
      heartbeat,
      request,
      { timeoutMs, lane: 'control' },
      codeOfResponse,
    );
    return errorCode;
  }

  /** Gives the error code. */
  async leave(request: LeaveGroupRequest, timeoutMs: number): Promise<number> {
    const response = await this.send(
      leaveGroup,
      request,
      { timeoutMs, lane: 'control' },
      codeOfResponse,
    );
    return response.errorCode === 0 ? (response.members[0]?.errorCode ?? 0) : response.errorCode;
  }

  /**
   * The id of the member that has the instance id; undefined: none has.
   * @throws {BrokerError | ConfigError} where the coordinator does not tell
   */
  async holder(instanceId: string, timeoutMs: number): Promise<string | undefined> {
    const request = { groups: [this.group], includeAuthorizedOperations: false };
    const options = { timeoutMs, lane: 'control' } as const;
    const { groups } = await this.send(describeGroups, request, options, (response) => {
      return response.groups[0]?.errorCode ?? 0;
    });
    const members = groups.flatMap(({ errorCode, members }) => {
      if (errorCode !== 0) throw groupRefused(errorCode, this.group);
      return members;
    });
    return members.find(({ groupInstanceId }) => groupInstanceId === instanceId)?.memberId;
  }

  private async send<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    options: { readonly timeoutMs: number; readonly lane: RawRequest['lane'] },
    codeIn: (response: Response) => number,
  ): Promise<Response> {
    const refresh = this.stale;
    this.stale = false;
    try {
      const node = await this.wire.coordinator(this.group, 'group', refresh);
      const response = await call(this.wire, node, api, request, options);
      if (codeOf(codeIn(response)).reaction === 'refind-coordinator') this.stale = true;
      return response;
    } catch (error) {
      this.stale = true;
      throw error;
    }
  }
}

function codeOfResponse(response: { readonly errorCode: number }): number {
  return response.errorCode;
}
