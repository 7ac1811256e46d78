import { describe, expect, test } from 'vitest';
import type { MemberView } from '../../../runtime/ports.ts';
import { MemberStoreQuery } from '../../../runtime/queries/member-store-query.ts';
import type { AskMember } from '../../../runtime/queries/store-query.ts';
import type { HeldPartition, StoreRange, StoreView } from '../../../runtime/queries/store-view.ts';

const nothing: StoreRange = { rows: [], more: false, from: [], restoring: [] };

/** A view of a store of two partitions that has none of them here. */
function emptyView(restoring: readonly number[] = []): StoreView {
  return {
    store: 's',
    key: { kind: 'string' },
    value: { kind: 'string' },
    partitions: 2,
    partitionOf: () => 0,
    taskOf: (partition) => `t_${partition}`,
    held: () => [],
    get: async () => ({ kind: 'elsewhere', partition: 0 }),
    range: async () => ({ ...nothing, restoring }),
  };
}

function member(memberId: string, more: Partial<MemberView> = {}): MemberView {
  const endpoint = `http://${memberId}`;
  return { memberId, self: false, endpoint, active: [], standby: [], ...more };
}

/** An answer that has these partitions, with one row each. */
function has(role: HeldPartition['role'], ...partitions: readonly number[]): StoreRange {
  return {
    ...nothing,
    rows: partitions.map((partition) => ({
      key: 'k',
      value: 'v',
      time: 0,
      partition,
      bytes: Buffer.from('k'),
    })),
    from: partitions.map((partition) => ({ partition, role, staleness: undefined })),
  };
}

const refuse: AskMember = async (endpoint) => {
  throw new Error(`${endpoint} was asked`);
};

describe('a query of a member', () => {
  test.each([
    ['QUERY_REBALANCING', 'no member has partition 0 of store "s" yet', []],
    [
      'QUERY_REBALANCING',
      'partition 0 of store "s" is on its way to another member',
      [member('a', { self: true, active: ['t_0'] })],
    ],
    [
      'QUERY_ENDPOINT',
      'partition 0 of store "s" is on member a, which does not answer queries',
      [member('a', { endpoint: undefined, active: ['t_0'] })],
    ],
    [
      'QUERY_UNREACHABLE',
      'the owner of partition 0 of store "s", http://a, does not answer (http://a was asked)',
      [member('a', { active: ['t_0'] })],
    ],
  ])('is refused with %s: %s', async (code, message, members) => {
    const query = new MemberStoreQuery(emptyView(), () => members, refuse);
    await expect(query.get('k')).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`${message} (standbys were not asked`) as string,
    });
  });

  test('says that a partition is being restored rather than that it is on its way', async () => {
    const self = member('a', { self: true, active: ['t_0'] });
    const query = new MemberStoreQuery(emptyView([0]), () => [self], refuse);
    await expect(query.get('k', { maxStaleness: '1s' })).rejects.toMatchObject({
      code: 'QUERY_RESTORING',
      message:
        'partition 0 of store "s" is being restored, and no standby is less than 1000 ms behind; ask again soon',
    });
  });

  test('says that it moved where its owner does not have it any more', async () => {
    const query = new MemberStoreQuery(
      emptyView(),
      () => [member('a', { active: ['t_0'] })],
      async () => nothing,
    );
    await expect(query.get('k')).rejects.toMatchObject({ code: 'QUERY_REBALANCING' });
  });

  test('takes the rows of a partition once, also where two members are said to have it', async () => {
    const asked: string[] = [];
    const members = [member('a', { active: ['t_0', 't_1'] }), member('b', { active: ['t_1'] })];
    const query = new MemberStoreQuery(
      emptyView(),
      () => members,
      async (endpoint, _, scan) => {
        asked.push(`${endpoint} ${scan.partitions.join(',')}`);
        return has('active', ...scan.partitions);
      },
    );
    expect((await query.range()).rows.map(({ partition }) => partition)).toEqual([0, 1]);
    expect(asked).toEqual(['http://a 0,1']);
  });

  test('asks standbys one after the other, for what nobody has answered yet', async () => {
    const asked: string[] = [];
    const members = [
      member('a', { active: ['t_0', 't_1'] }),
      member('b', { standby: ['t_0'] }),
      member('c', { standby: ['t_0', 't_1'] }),
      member('d', { standby: ['t_1'] }),
    ];
    const query = new MemberStoreQuery(
      emptyView(),
      () => members,
      async (endpoint, _, scan) => {
        asked.push(`${endpoint} ${scan.partitions.join(',')} ${scan.maxStalenessMs}`);
        if (endpoint === 'http://a') throw new Error('ECONNREFUSED');
        return has('standby', ...scan.partitions);
      },
    );
    const { from } = await query.range({ maxStaleness: '2s' });
    expect(asked).toEqual(['http://a 0,1 2000', 'http://b 0 2000', 'http://c 1 2000']);
    expect(from.map(({ member: it, partition }) => [it, partition])).toEqual([
      ['http://b', 0],
      ['http://c', 1],
    ]);
  });
});
