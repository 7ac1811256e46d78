import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { slotFolders, slotHolders, slotId, slotsOf, takeSlot } from '../../../runtime/app/slots.ts';
import { systemClock } from '../../../runtime/app/system-clock.ts';
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
