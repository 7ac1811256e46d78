import { codeOf } from '../error-codes.ts';
import type { JoinGroupResponse } from '../messages/join-group.ts';
import { mayPass, passes } from '../patience.ts';
import { pause } from '../../pause.ts';
import { protocolType } from './consumer-protocol.ts';
import type { GroupClient } from './group-client.ts';
import { foreignGroup, groupRefused, slotTaken } from './group-errors.ts';
import type { EncodedAssignments } from './leader.ts';
import { Liveness } from './liveness.ts';
import type { CompiledSettings } from './settings.ts';
import { protocolName } from './user-data.ts';

/** JoinGroup is answered after the rebalance time-out at the latest; this is for the way. */
const answerMs = 5000;
/** Between two attempts after a failure that passes, ms; spread at random over as much again. */
const retryMs = 50;
/** Longest wait for the answer to LeaveGroup, ms: the session time-out does the rest. */
const leaveTimeoutMs = 5000;
const leaveAttempts = 3;
/** COORDINATOR_NOT_AVAILABLE */
const coordinatorGone = 15;
/** REQUEST_TIMED_OUT, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR: so answers a coordinator, too, whose log did not take in time what it has done; it may stay. */
const unclear: readonly number[] = [7, 15, 16];
/** Member ids of this process that are remembered. */
const mostIds = 100;

/** 'again': it did not work, and what comes next has been raised or waited for. */
export type Outcome<T> = T | 'again';

export interface SessionParts {
  readonly client: GroupClient;
  readonly group: string;
  readonly slot: string;
  readonly settings: CompiledSettings;
}

/** What answers of the coordinator raise. */
export interface SessionEvents {
  /** The coordinator wants all members to join. */
  rebalance(): void;
  /** The coordinator does not know this member. `keepId`: it does, but has gone on without it. */
  expelled(keepId: boolean): void;
  /** The membership cannot go on. */
  fatal(error: unknown): void;
}

/**
 * What the coordinator and a member say to each other: its identity in the group, requests, and what answers mean. An answer to a request of another identity
 * than the present one says nothing.
 */
export class GroupSession {
  readonly instanceId: string | null;
  readonly liveness: Liveness;
  memberId = '';
  generation = -1;
  private readonly parts: SessionParts;
  private readonly events: SessionEvents;
  /** Counts how often this member forgot who it was. */
  identity = 0;
  /**
   * Joins by the instance id alone that have no answer: each may still be on its way, and the coordinator takes it for another process's, whenever it comes.
   */
  private strayJoins = 0;
  /**
   * Ids that this process was given. A coordinator that took over from another one goes back to the members that the other one had written down: it may
   * have the member under an id of before.
   */
  private ids: string[] = [];
  /** Until this process has an assignment, a join of the process before it may be on its way just so. */
  private fresh = true;

  constructor(parts: SessionParts, events: SessionEvents) {
    this.parts = parts;
    this.events = events;
    this.instanceId = parts.settings.static ? parts.slot : null;
    this.liveness = new Liveness(parts.settings);
  }

  /** Forgets who this member was; it joins as a new one, or by its instance id. */
  reset(keepId: boolean): void {
    this.identity++;
    if (!keepId) this.memberId = '';
    this.generation = -1;
    this.liveness.joined();
  }

  async join(metadata: Buffer): Promise<Outcome<JoinGroupResponse>> {
    const { client, group, settings } = this.parts;
    const { memberId, identity } = this;
    const { sessionTimeoutMs, rebalanceTimeoutMs } = settings;
    const sentMs = settings.clock.monotonic();
    const byInstance = this.instanceId !== null && memberId === '';
    if (byInstance) this.strayJoins++;
    const joined = await this.attempt(() =>
      client.join(
        {
          groupId: group,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          memberId,
          groupInstanceId: this.instanceId,
          protocolType,
          protocols: [{ name: protocolName, metadata }],
          reason: null,
        },
        rebalanceTimeoutMs + answerMs,
      ),
    );
    if (byInstance && joined !== 'again' && !unclear.includes(joined.errorCode)) this.strayJoins--;
    if (joined === 'again' || identity !== this.identity) return 'again';
    if (codeOf(joined.errorCode).name === 'MEMBER_ID_REQUIRED') {
      this.memberId = joined.memberId;
      return 'again';
    }
    if (!(await this.accepted(joined.errorCode))) return 'again';
    if (joined.protocolName !== protocolName) throw foreignGroup(group);
    if (this.generation >= 0 && joined.generationId > this.generation + 1) {
      // The group has assigned without this member: the coordinator keeps a static one that does not come in time, but nobody knew
      // what it has. Somebody else may have that by now: not even one commit may go with the new generation (E6).
      this.events.expelled(true);
      return 'again';
    }
    // From here on a commit goes with the new generation: what this member has is still its own.
    this.memberId = joined.memberId;
    if (!this.ids.includes(joined.memberId))
      this.ids = [joined.memberId, ...this.ids.slice(0, mostIds)];
    this.generation = joined.generationId;
    this.liveness.joined();
    this.liveness.confirm(sentMs);
    return joined;
  }

  /**
   * Nothing is sent where the member has joined again meanwhile: assignments of an earlier generation lack the members of this one.
   * @param assignments - what the leader hands in; empty for the others
   */
  async sync(
    joined: Pick<JoinGroupResponse, 'generationId' | 'memberId'>,
    assignments: EncodedAssignments,
  ): Promise<Outcome<Buffer>> {
    const { client, group, settings } = this.parts;
    const { memberId, generation, identity, instanceId } = this;
    if (joined.generationId !== generation || joined.memberId !== memberId) return 'again';
    const sentMs = settings.clock.monotonic();
    const synced = await this.attempt(() =>
      client.sync(
        {
          groupId: group,
          generationId: generation,
          memberId,
          groupInstanceId: instanceId,
          protocolType,
          protocolName,
          assignments,
        },
        settings.rebalanceTimeoutMs + answerMs,
      ),
    );
    if (synced === 'again' || identity !== this.identity) return 'again';
    if (!(await this.accepted(synced.errorCode))) return 'again';
    this.liveness.confirm(sentMs);
    this.fresh = false;
    if (synced.assignment.length > 0) return synced.assignment;
    // The leader did not know of this member, and may have given to others what it has (E6).
    this.events.expelled(true);
    await this.backOff();
    return 'again';
  }

  /** One heartbeat. False: it had no answer that says anything. */
  async beat(): Promise<boolean> {
    const { client, group, settings } = this.parts;
    const { memberId, generation, identity, instanceId } = this;
    if (memberId === '' || generation < 0) return true;
    const sentMs = settings.clock.monotonic();
    const request = {
      groupId: group,
      generationId: generation,
      memberId,
      groupInstanceId: instanceId,
    };
    let code: number;
    try {
      code = await client.heartbeat(request, Math.max(1000, settings.sessionTimeoutMs / 3));
    } catch (error) {
      if (!passes(error) && identity === this.identity) this.events.fatal(error);
      return false;
    }
    if (identity !== this.identity) return true;
    const { name } = codeOf(code);
    if (name === 'NONE') this.liveness.confirm(sentMs);
    else if (name === 'REBALANCE_IN_PROGRESS') {
      if (generation === this.generation) this.events.rebalance();
      this.liveness.confirm(sentMs);
    } else if (name !== 'ILLEGAL_GENERATION' || generation === this.generation) {
      await this.refused(code);
    }
    return codeOf(code).reaction !== 'retry' && codeOf(code).reaction !== 'refind-coordinator';
  }

  /** Leaves for good; whether that arrives or not. */
  async leave(): Promise<void> {
    const { client, group } = this.parts;
    const { memberId, instanceId } = this;
    this.identity++;
    if (memberId === '') return;
    const members = [{ memberId, groupInstanceId: instanceId, reason: 'closed' }];
    for (let attempts = leaveAttempts; attempts > 0; attempts--) {
      const code = await client
        .leave({ groupId: group, members }, leaveTimeoutMs)
        .catch((error: unknown) => (passes(error) ? coordinatorGone : 0));
      const { reaction } = codeOf(code);
      if (code === 0 || (reaction !== 'retry' && reaction !== 'refind-coordinator')) return;
      await this.backOff();
    }
  }

  /** Gives what the action gives; waits for what passes, throws what does not. A log that is away for long is waited for as long: it is the group's, too. */
  async attempt<T>(action: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return await action();
    } catch (error) {
      if (!mayPass(error)) throw error;
      await this.backOff();
      return 'again';
    }
  }

  private async accepted(code: number): Promise<boolean> {
    if (code === 0) return true;
    const { name } = codeOf(code);
    if (name === 'REBALANCE_IN_PROGRESS') return false;
    await this.refused(code);
    await this.backOff();
    return false;
  }

  private async refused(code: number): Promise<void> {
    const { name, reaction } = codeOf(code);
    const { group } = this.parts;
    if (name === 'FENCED_INSTANCE_ID') await this.fenced();
    else if (name === 'UNKNOWN_MEMBER_ID') this.events.expelled(false);
    else if (name === 'ILLEGAL_GENERATION') this.events.expelled(true);
    else if (reaction === 'config' || reaction === 'fatal' || reaction === 'fenced') {
      this.events.fatal(groupRefused(code, group));
    }
  }

  /** Another member has the instance id: this process itself, by a join that came late or under an id of before, or another one. */
  private async fenced(): Promise<void> {
    const { group, slot } = this.parts;
    if (this.strayJoins > 0) this.strayJoins--;
    else if (this.fresh) this.fresh = false;
    else {
      const { identity } = this;
      this.liveness.suspect();
      const holder = await this.attempt(() => this.holder());
      // It is asked again at the next refusal; or somebody else has dealt with it meanwhile.
      if (holder === 'again' || identity !== this.identity) return;
      if (holder === 'other') return this.events.fatal(slotTaken(group, slot));
    }
    this.events.expelled(false);
  }

  private async holder(): Promise<'own' | 'other'> {
    const { client, settings } = this.parts;
    const { instanceId } = this;
    if (instanceId === null) return 'other';
    const id = await client.holder(instanceId, settings.sessionTimeoutMs);
    return id === undefined || this.ids.includes(id) ? 'own' : 'other';
  }

  private async backOff(): Promise<void> {
    const { clock, random } = this.parts.settings;
    await pause(clock, retryMs * (1 + random()));
  }
}
