import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { slotFolders, slotHolders, slotId, slotsOf, takeSlot } from '../../../runtime/app/slots.ts';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { namedKey } from '../../../runtime/embedded/keys.ts';
import { openSmall } from '../../../runtime/embedded/environment.ts';
import { thisProcess } from '../../../runtime/embedded/process-identity.ts';
import { nextTurn } from '../../../runtime/engine/next-turn.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { projects } from '../cli/project.ts';

const project = projects();

describe('takeSlot', () => {
  test('gives each live member a slot of its own, and the same ones again later', async () => {
    const data = project({});
    const one = await takeSlot(data, 'orders', systemClock);
    const two = await takeSlot(data, 'orders', systemClock);
    expect([one.name, two.name]).toEqual(['orders', 'orders.2']);
    expect(two.id).not.toBe(one.id);
    await one.release();
    const again = await takeSlot(data, 'orders', systemClock);
    expect([again.name, again.id]).toEqual([one.name, one.id]);
    await again.release();
    await two.release();
  });

  test('keeps applications apart', async () => {
    const data = project({});
    const one = await takeSlot(data, 'orders', systemClock);
    const other = await takeSlot(data, 'orders-2', systemClock);
    expect(other.name).toBe('orders-2');
    expect(slotsOf(data, 'orders')).toEqual(['orders']);
    expect(await slotHolders(data, 'orders')).toEqual([{ name: 'orders', pid: process.pid }]);
    await other.release();
    await one.release();
    expect(await slotHolders(data, 'orders')).toEqual([]);
  });

  test('keeps the identity in a file', async () => {
    const data = project({});
    const slot = await takeSlot(data, 'orders', systemClock);
    await slot.release();
    const file = join(slotFolders(data).state, 'orders.slot');
    expect(readFileSync(file, 'utf8')).toBe(`${slot.id}\n`);
    expect(slotsOf(project({}), 'orders')).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('takeSlot beside another container', () => {
  /** The slot as a process of another process-id name space has it, and taking it, with 1 s for each of `beats`: true is a sign of life. */
  async function takeBeside(beats: readonly boolean[]) {
    const data = project({});
    const clock = new ManualClock();
    const slot = await takeSlot(data, 'orders', clock);
    await slot.release();
    const file = join(slotFolders(data).state, 'orders.slot');
    const environment = openSmall(slotFolders(data).leases);
    const other = { memberId: 'm', generation: 1, sinceMs: 0, left: false, pidSpace: 'pid:[1]' };
    const owner = Buffer.from(JSON.stringify({ ...thisProcess(), pid: 7, ...other }));
    environment.write(() => environment.put(namedKey('owner', 'orders'), owner));
    await environment.close();
    let settled = false;
    const taking = takeSlot(data, 'orders', clock).finally(() => {
      settled = true;
    });
    taking.catch(() => {});
    for (const [i, beat] of beats.entries()) {
      await nextTurn();
      expect(settled).toBe(false);
      if (beat) utimesSync(file, i + 1, i + 1);
      clock.advanceTo(clock.now() + 1000);
    }
    return { taking, id: slot.id };
  }

  test('refuses a slot whose member gives signs of life', async () => {
    const { taking } = await takeBeside([false, false, true]);
    await expect(taking).rejects.toMatchObject({
      code: 'DATA_FOLDER',
      message: expect.stringContaining('belongs to process 7 of another container') as string,
    });
  });

  test('takes the slot of a member that gave none for 10 s', async () => {
    const { taking, id } = await takeBeside(Array.from({ length: 10 }, () => false));
    const slot = await taking;
    expect([slot.name, slot.id]).toEqual(['orders', id]);
    await slot.release();
  });

  test('gives signs of life until it is released', async () => {
    const data = project({});
    const clock = new ManualClock(5000);
    const slot = await takeSlot(data, 'orders', clock);
    const file = join(slotFolders(data).state, 'orders.slot');
    expect(statSync(file).mtimeMs).toBe(5000);
    clock.advanceTo(7000);
    expect(statSync(file).mtimeMs).toBe(7000);
    await slot.release();
    expect(clock.nextDue()).toBeUndefined();
  });
});

describe('slotId', () => {
  test('makes an identity where the power went away while the file was written', () => {
    const folder = project({});
    const file = join(folder, 'orders.slot');
    writeFileSync(file, '');
    const id = slotId(file);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(slotId(file)).toBe(id);
  });

  test('leaves nothing but the file', () => {
    const folder = project({});
    slotId(join(folder, 'orders.slot'));
    expect(readdirSync(folder).filter((name) => name.startsWith('orders'))).toEqual([
      'orders.slot',
    ]);
  });

  test('takes no other identity than the one in the file', () => {
    const file = join(project({}), 'orders.slot');
    writeFileSync(file, 'kept\n');
    expect(slotId(file)).toBe('kept');
  });
});
