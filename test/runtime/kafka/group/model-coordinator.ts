import type { describeGroups } from '../../../../runtime/kafka/messages/describe-groups.ts';
import { heartbeat } from '../../../../runtime/kafka/messages/heartbeat.ts';
import {
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '../../../../runtime/kafka/messages/join-group.ts';
import { leaveGroup } from '../../../../runtime/kafka/messages/leave-group.ts';
import {
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '../../../../runtime/kafka/messages/sync-group.ts';
import type { RequestOf, ResponseOf } from '../../../../runtime/kafka/protocol/api.ts';
import type { Clock } from '../../../../topology/core/clock.ts';

const errors = {
  illegalGeneration: 22,
  inconsistentProtocol: 23,
  unknownMember: 25,
  rebalanceInProgress: 27,
  memberIdRequired: 79,
  fencedInstance: 82,
};

interface Member {
  id: string;
  readonly instanceId: string | null;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  metadata: Buffer;
  protocol: string;
  assignment: Buffer;
  join: ((response: JoinGroupResponse) => void) | undefined;
  sync: ((response: SyncGroupResponse) => void) | undefined;
  cancelSession: (() => void) | undefined;
}

type State = 'empty' | 'preparing' | 'completing' | 'stable';

/**
 * Kafka's coordinator of one classic group (`ClassicGroup`, `GroupMetadataManager`, 4.x): generations, member ids that are asked for first, static members,
 * session and rebalance time-outs. A static member that does not join in time stays, with what it last said.
 */
export class ModelCoordinator {
  state: State = 'empty';
  generation = 0;
  /** Rebalances that were completed. */
  rebalances = 0;
  private readonly clock: Clock;
  private readonly members = new Map<string, Member>();
  private readonly statics = new Map<string, string>();
  private readonly promised = new Set<string>();
  private leader = '';
  private ids = 0;
  private cancelRebalance: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get memberIds(): string[] {
    return [...this.members.keys()];
  }

  /** The error code of a commit with positions, as TxnOffsetCommit gives it (KIP-447). */
  commit(memberId: string, generation: number, instanceId: string | null): number {
    const error = this.refusal(memberId, instanceId);
    if (error !== 0) return error;
    return generation === this.generation ? 0 : errors.illegalGeneration;
  }

  join(request: JoinGroupRequest): Promise<JoinGroupResponse> {
    const { promise, resolve } = Promise.withResolvers<JoinGroupResponse>();
    const code = this.admit(request, resolve);
    if (code !== 0) resolve(this.joinError(code, request.memberId));
    return promise;
  }

  sync(request: SyncGroupRequest): Promise<SyncGroupResponse> {
    const error = this.refusal(request.memberId, request.groupInstanceId);
    if (error !== 0) return Promise.resolve(synced(error));
    if (request.generationId !== this.generation) {
      return Promise.resolve(synced(errors.illegalGeneration));
    }
    const member = this.members.get(request.memberId) as Member;
    if (this.state === 'preparing') return Promise.resolve(synced(errors.rebalanceInProgress));
    if (this.state === 'stable') return Promise.resolve(synced(0, member.assignment));
    const { promise, resolve } = Promise.withResolvers<SyncGroupResponse>();
    member.sync = resolve;
    if (request.memberId === this.leader) {
      const given = new Map(request.assignments.map((it) => [it.memberId, it.assignment]));
      this.state = 'stable';
      this.cancelRebalance?.();
      for (const it of this.members.values()) {
        it.assignment = given.get(it.id) ?? Buffer.alloc(0);
        if (it.sync !== undefined) this.touch(it);
        it.sync?.(synced(0, it.assignment));
        it.sync = undefined;
      }
    }
    return promise;
  }

  heartbeat(request: RequestOf<typeof heartbeat>): ResponseOf<typeof heartbeat> {
    const error = this.refusal(request.memberId, request.groupInstanceId);
    if (error !== 0) return { throttleTimeMs: 0, errorCode: error };
    if (request.generationId !== this.generation) {
      return { throttleTimeMs: 0, errorCode: errors.illegalGeneration };
    }
    this.touch(this.members.get(request.memberId) as Member);
    const errorCode = this.state === 'preparing' ? errors.rebalanceInProgress : 0;
    return { throttleTimeMs: 0, errorCode };
  }

  leave(request: RequestOf<typeof leaveGroup>): ResponseOf<typeof leaveGroup> {
    const members = request.members.map(({ memberId, groupInstanceId }) => {
      const errorCode = this.refusal(memberId, groupInstanceId);
      if (errorCode === 0) this.remove(this.members.get(memberId) as Member);
      return { memberId, groupInstanceId, errorCode };
    });
    return { throttleTimeMs: 0, errorCode: 0, members };
  }

  describe(): ResponseOf<typeof describeGroups> {
    const members = [...this.members.values()].map(({ id, instanceId }) => ({
      memberId: id,
      groupInstanceId: instanceId,
      clientId: '',
      clientHost: '',
      memberMetadata: Buffer.alloc(0),
      memberAssignment: Buffer.alloc(0),
    }));
    const group = {
      errorCode: 0,
      errorMessage: null,
      groupId: 'shop',
      groupState: '',
      protocolType: 'consumer',
      protocolData: '',
      members,
      authorizedOperations: 0,
    };
    return { throttleTimeMs: 0, groups: [group] };
  }

  /** Another broker is the coordinator: the one before had written the static member down under the id that it had then. */
  failOver(instanceId: string, id: string): void {
    const member = this.members.get(this.statics.get(instanceId) ?? '');
    if (member === undefined) throw new Error(`no member ${instanceId}`);
    this.members.delete(member.id);
    if (this.leader === member.id) this.leader = id;
    member.id = id;
    this.members.set(id, member);
    this.statics.set(instanceId, id);
  }

  private admit(request: JoinGroupRequest, resolve: NonNullable<Member['join']>): number {
    const { memberId, groupInstanceId, protocols, protocolType } = request;
    const protocol = protocols[0]?.name ?? '';
    for (const other of this.members.values()) {
      if (protocolType !== 'consumer' || other.protocol !== protocol) {
        return errors.inconsistentProtocol;
      }
    }
    const metadata = protocols[0]?.metadata ?? Buffer.alloc(0);
    if (memberId === '') {
      const id = `${groupInstanceId ?? 'client'}-${this.ids++}`;
      if (groupInstanceId === null) {
        this.promised.add(id);
        resolve(this.joinError(errors.memberIdRequired, id));
        return 0;
      }
      const old = this.members.get(this.statics.get(groupInstanceId) ?? '');
      if (old !== undefined) this.replace(old, id, { request, metadata, resolve });
      else this.add(id, { request, metadata, resolve });
      return 0;
    }
    if (this.promised.delete(memberId)) {
      this.add(memberId, { request, metadata, resolve });
      return 0;
    }
    const refusal = this.refusal(memberId, groupInstanceId);
    if (refusal !== 0) return refusal;
    this.rejoin(this.members.get(memberId) as Member, { request, metadata, resolve });
    return 0;
  }

  private add(id: string, { request, metadata, resolve }: Joining): void {
    const member: Member = {
      id,
      instanceId: request.groupInstanceId,
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      metadata,
      protocol: request.protocols[0]?.name ?? '',
      assignment: Buffer.alloc(0),
      join: resolve,
      sync: undefined,
      cancelSession: undefined,
    };
    this.members.set(id, member);
    if (member.instanceId !== null) this.statics.set(member.instanceId, id);
    if (this.leader === '') this.leader = id;
    this.touch(member);
    this.prepare();
  }

  /** A static member came back: in a stable group nothing else changes. */
  private replace(member: Member, id: string, joining: Joining): void {
    const old = member.id;
    member.join?.(this.joinError(errors.fencedInstance, old));
    member.sync?.(synced(errors.fencedInstance));
    member.sync = undefined;
    this.members.delete(old);
    member.id = id;
    member.metadata = joining.metadata;
    member.join = joining.resolve;
    this.members.set(id, member);
    this.statics.set(member.instanceId as string, id);
    const led = this.leader === old;
    if (led) this.leader = id;
    this.touch(member);
    if (this.state === 'stable') this.answerJoin(member, led);
    else this.prepare();
  }

  private rejoin(member: Member, { metadata, resolve }: Joining): void {
    const same = metadata.equals(member.metadata);
    member.metadata = metadata;
    member.join = resolve;
    this.touch(member);
    const goesOn =
      (this.state === 'completing' && same) ||
      (this.state === 'stable' && same && member.id !== this.leader);
    if (goesOn) this.answerJoin(member, false);
    else this.prepare();
  }

  private prepare(): void {
    if (this.state === 'completing') {
      for (const member of this.members.values()) {
        member.sync?.(synced(errors.rebalanceInProgress));
        member.sync = undefined;
      }
    }
    if (this.state !== 'preparing') {
      this.state = 'preparing';
      this.cancelRebalance?.();
      const timeoutMs = Math.max(...[...this.members.values()].map((it) => it.rebalanceTimeoutMs));
      this.cancelRebalance = this.clock.after(timeoutMs, () => this.complete());
    }
    if ([...this.members.values()].every((it) => it.join !== undefined)) this.complete();
  }

  private complete(): void {
    this.cancelRebalance?.();
    for (const member of this.members.values()) {
      if (member.join === undefined && member.instanceId === null) this.forget(member);
    }
    this.generation++;
    if (this.members.size === 0) return void (this.state = 'empty');
    this.rebalances++;
    this.state = 'completing';
    if (this.members.get(this.leader)?.join === undefined) {
      const joined = [...this.members.values()].find((it) => it.join !== undefined);
      // Only static members that are away: they have until their session is over.
      if (joined === undefined) return this.again();
      this.leader = joined.id;
    }
    const late = Math.max(...[...this.members.values()].map((it) => it.rebalanceTimeoutMs));
    this.cancelRebalance = this.clock.after(late, () => this.expireSyncs());
    for (const member of this.members.values()) this.answerJoin(member, false);
  }

  private again(): void {
    this.state = 'completing';
    this.prepare();
  }

  private expireSyncs(): void {
    for (const member of this.members.values()) {
      if (member.sync === undefined) this.remove(member);
    }
  }

  private answerJoin(member: Member, skipAssignment: boolean): void {
    const answer = member.join;
    member.join = undefined;
    if (answer === undefined) return;
    this.touch(member);
    const listed = member.id === this.leader && (this.state === 'completing' || skipAssignment);
    answer({
      throttleTimeMs: 0,
      errorCode: 0,
      generationId: this.generation,
      protocolType: 'consumer',
      protocolName: member.protocol,
      leader: this.leader,
      skipAssignment,
      memberId: member.id,
      members: listed
        ? [...this.members.values()].map((it) => ({
            memberId: it.id,
            groupInstanceId: it.instanceId,
            metadata: it.metadata,
          }))
        : [],
    });
  }

  private remove(member: Member): void {
    this.forget(member);
    if (this.members.size > 0) this.prepare();
    else this.complete();
  }

  private forget(member: Member): void {
    member.cancelSession?.();
    this.members.delete(member.id);
    if (member.instanceId !== null) this.statics.delete(member.instanceId);
    if (this.leader === member.id) this.leader = [...this.members.keys()][0] ?? '';
    member.join?.(this.joinError(errors.unknownMember, member.id));
    member.sync?.(synced(errors.unknownMember));
  }

  /** Who waits for the others is not expelled. */
  private touch(member: Member): void {
    member.cancelSession?.();
    member.cancelSession = this.clock.after(member.sessionTimeoutMs, () => {
      if (member.join === undefined && member.sync === undefined) this.remove(member);
      else this.touch(member);
    });
  }

  private refusal(memberId: string, instanceId: string | null): number {
    const holder = instanceId === null ? undefined : this.statics.get(instanceId);
    if (holder !== undefined && holder !== memberId) return errors.fencedInstance;
    return this.members.has(memberId) ? 0 : errors.unknownMember;
  }

  private joinError(errorCode: number, memberId: string): JoinGroupResponse {
    return {
      throttleTimeMs: 0,
      errorCode,
      generationId: -1,
      protocolType: null,
      protocolName: null,
      leader: '',
      skipAssignment: false,
      memberId,
      members: [],
    };
  }
}

interface Joining {
  readonly request: JoinGroupRequest;
  readonly metadata: Buffer;
  readonly resolve: NonNullable<Member['join']>;
}

function synced(errorCode: number, assignment: Buffer = Buffer.alloc(0)): SyncGroupResponse {
  return { throttleTimeMs: 0, errorCode, protocolType: null, protocolName: null, assignment };
}
