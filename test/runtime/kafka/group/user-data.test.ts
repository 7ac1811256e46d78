import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareTasks } from '../../../../runtime/kafka/group/assignor/task-order.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../runtime/kafka/group/consumer-protocol.ts';
import {
  decodeAssigned,
  decodeMember,
  encodeAssigned,
  encodeMember,
  packRoster,
} from '../../../../runtime/kafka/group/user-data.ts';

const id = fc.oneof(
  fc
    .tuple(fc.constantFrom('0_', '1_', 'a-b-', ''), fc.nat({ max: 999_999_999 }))
    .map(([prefix, partition]) => `${prefix}${partition}`),
  fc.string({ maxLength: 6 }),
);
const ids = fc.uniqueArray(id).map((all) => all.sort(compareTasks));
const text = fc.string();
const maybe = fc.option(text);
const generation = fc.integer({ min: -1, max: 2 ** 31 - 1 });
const nonce = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('user data', () => {
  test('of a member comes back as it was', () => {
    const counts = fc
      .array(fc.tuple(id, fc.maxSafeNat()))
      .map((pairs) => new Map(pairs.toSorted(([a], [b]) => compareTasks(a, b))));
    const member = fc.record({
      slot: text,
      plan: text,
      endpoint: maybe,
      generation,
      owned: ids,
      held: counts,
      nonce,
    });
    fc.assert(
      fc.property(member, (data) => {
        expect(decodeMember(encodeMember(data))).toEqual(data);
      }),
    );
  });

  test('of an assignment comes back as it was', () => {
    const entry = fc.record({
      memberId: text,
      slot: text,
      endpoint: maybe,
      generation,
      active: ids,
      standby: ids,
    });
    const assigned = fc.record({
      plan: text,
      refused: maybe,
      followUp: fc.boolean(),
      warmups: ids,
      roster: fc.array(entry),
    });
    fc.assert(
      fc.property(assigned, ({ roster, ...data }) => {
        const bytes = encodeAssigned(data, packRoster(roster));
        expect(decodeAssigned(bytes)).toEqual({ ...data, roster });
      }),
    );
  });

  test('names tasks in a few bytes', () => {
    const owned = Array.from({ length: 20 }, (_, partition) => `3_${partition * 5}`);
    const member = { slot: '', plan: '', endpoint: null, generation: 1, held: new Map(), nonce: 0 };
    const bare = encodeMember({ ...member, owned: [] }).length;
    expect(encodeMember({ ...member, owned }).length - bare).toBe(3 + 1 + owned.length);
  });

  test('of a newer form says that this process must be updated', () => {
    const data = Buffer.from([0, 2, 1, 2, 3]);
    expect(() => decodeMember(data)).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        code: 'GROUP_VERSION',
        message:
          'a member of the group runs a newer version of Millrace (its data has form 2, this one reads 1): ' +
          'update this one too',
      }),
    );
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['less than it says', Buffer.from([0, 1, 200, 1])],
    [
      'no deflated roster',
      encodeAssigned({ plan: '', refused: null, followUp: false, warmups: [] }, Buffer.from('x')),
    ],
  ])('that is %s names another client', (_, data) => {
    expect(() => decodeAssigned(data)).toThrow(expect.objectContaining({ code: 'GROUP_FOREIGN' }));
  });

  test('of a hundred members with a thousand tasks fits the record that the broker keeps of the group', () => {
    const task = (i: number): string => `${i % 4}_${Math.floor(i / 4)}`;
    const uuid = (i: number): string =>
      `${(i * 2654435761).toString(16).padStart(12, '0')}-${(i * 40503 * 7919).toString(36).padStart(18, 'q')}`;
    const members = Array.from({ length: 100 }, (_, i) => {
      const own = Array.from({ length: 10 }, (_, k) => task(i + k * 100));
      const copies = Array.from({ length: 10 }, (_, k) => task(((i + 1) % 100) + k * 100));
      return {
        memberId: `${uuid(i)}-${uuid(i + 777)}`,
        slot: uuid(i),
        endpoint: `http://millrace-${i}.svc.cluster.local:8080`,
        generation: 7,
        active: own,
        standby: copies,
      };
    });
    const roster = packRoster(members);
    let total = 0;
    for (const it of members) {
      const assigned = { plan: uuid(1), refused: null, followUp: false, warmups: [] };
      total += encodeAssigned(assigned, roster).length;
      const held = new Map([...it.active, ...it.standby].map((name) => [name, 123_456_789]));
      total += encodeMember({ ...it, plan: uuid(1), owned: it.active, held, nonce: 0 }).length;
    }
    expect(total).toBeLessThan(1_000_000);
  });
});

describe('the consumer protocol', () => {
  const partitions = [
    { topic: 'orders', partition: 0 },
    { topic: 'orders', partition: 2 },
    { topic: 'stock', partition: 1 },
  ];

  test('is written as Kafka declares it', () => {
    const bytes = encodeSubscription({
      topics: ['a'],
      owned: [{ topic: 'a', partition: 2 }],
      generation: 5,
      userData: Buffer.from('u'),
    });
    expect(bytes.toString('hex')).toBe(
      '0003' +
        '00000001000161' +
        '0000000175' +
        '00000001000161' +
        '0000000100000002' +
        '00000005' +
        'ffff',
    );
  });

  test('gives back subscriptions and assignments', () => {
    const userData = Buffer.from('mine');
    const subscription = {
      topics: ['orders', 'stock'],
      owned: partitions,
      generation: 3,
      userData,
    };
    expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription);
    const assignment = { partitions, userData };
    expect(decodeAssignment(encodeAssignment(assignment))).toEqual(assignment);
  });
});
