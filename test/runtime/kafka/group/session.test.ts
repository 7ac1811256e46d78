import { describe, expect, test } from 'vitest';
import type { GroupClient } from '../../../../runtime/kafka/group/group-client.ts';
import { GroupSession, type Outcome } from '../../../../runtime/kafka/group/session.ts';
import { compileSettings } from '../../../../runtime/kafka/group/settings.ts';
import { protocolName } from '../../../../runtime/kafka/group/user-data.ts';
import type { JoinGroupResponse } from '../../../../runtime/kafka/messages/join-group.ts';
import type { SyncGroupRequest } from '../../../../runtime/kafka/messages/sync-group.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';

/** A coordinator that begins a generation with each join. */
function sessionOf(
  syncs: SyncGroupRequest[],
  {
    assignment = 'mine',
    expelled = () => {},
  }: { assignment?: string; expelled?: (everything: boolean) => void } = {},
): GroupSession {
  let generationId = 0;
  const client = {
    join: async (): Promise<JoinGroupResponse> => ({
      throttleTimeMs: 0,
      errorCode: 0,
      generationId: ++generationId,
      protocolType: 'consumer',
      protocolName,
      leader: 'm',
      skipAssignment: false,
      memberId: 'm',
      members: [],
    }),
    sync: async (request: SyncGroupRequest) => {
      syncs.push(request);
      return { errorCode: 0, assignment: Buffer.from(assignment) };
    },
  } as unknown as GroupClient;
  const clock = new ManualClock();
  const settings = compileSettings({ clock, random: () => 0, static: false });
  return new GroupSession(
    { client, group: 'g', slot: 's', settings },
    { rebalance: () => {}, expelled, fatal: () => {} },
  );
}

function known<T>(outcome: Outcome<T>): T {
  if (outcome === 'again') throw new Error('it is to be done again');
  return outcome;
}

describe('GroupSession', () => {
  test('hands in the assignments of its generation', async () => {
    const syncs: SyncGroupRequest[] = [];
    const session = sessionOf(syncs);
    const joined = known(await session.join(Buffer.alloc(0)));
    const assignments = [{ memberId: 'm', assignment: Buffer.from('mine') }];
    expect(await session.sync(joined, assignments)).toEqual(Buffer.from('mine'));
    expect(syncs).toMatchObject([{ generationId: 1, memberId: 'm', assignments }]);
  });

  test('hands in nothing where it has joined again while assignments were made', async () => {
    const syncs: SyncGroupRequest[] = [];
    const session = sessionOf(syncs);
    const before = known(await session.join(Buffer.alloc(0)));
    session.reset(true);
    expect(await session.sync(before, [])).toBe('again');
    const joined = known(await session.join(Buffer.alloc(0)));
    expect(await session.sync(before, [])).toBe('again');
    expect(syncs).toEqual([]);
    await session.sync(joined, []);
    expect(syncs).toMatchObject([{ generationId: 2 }]);
  });

  test('has lost everything, and is still known, where the leader left it out', async () => {
    const expelled: boolean[] = [];
    const session = sessionOf([], { assignment: '', expelled: (keepId) => expelled.push(keepId) });
    const joined = known(await session.join(Buffer.alloc(0)));
    void session.sync(joined, []);
    await new Promise((resolve) => setImmediate(resolve));
    expect(expelled).toEqual([true]);
  });

  test.each([
    [7, 'expelled'],
    [15, 'expelled'],
    [16, 'expelled'],
    [14, 'fatal'],
  ])('after a join that was answered with %i is %s by another one with its id', async (...row) => {
    const [code, raised] = row;
    const codes = [code, 0];
    const said: string[] = [];
    const client = {
      join: async () => ({
        errorCode: codes.shift(),
        generationId: 1,
        protocolName,
        leader: 'm',
        memberId: 'm',
        members: [],
      }),
      sync: async () => ({ errorCode: 0, assignment: Buffer.from('mine') }),
      heartbeat: async () => 82,
      holder: async () => 'another',
    } as unknown as GroupClient;
    const clock = new ManualClock();
    const settings = compileSettings({ clock, random: () => 0 });
    const session = new GroupSession(
      { client, group: 'g', slot: 's', settings },
      {
        rebalance: () => {},
        expelled: () => said.push('expelled'),
        fatal: () => said.push('fatal'),
      },
    );
    const refused = session.join(Buffer.alloc(0));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advanceTo(1000);
    expect(await refused).toBe('again');
    const joined = known(await session.join(Buffer.alloc(0)));
    known(await session.sync(joined, []));
    await session.beat();
    expect(said).toEqual([raised]);
  });
});
