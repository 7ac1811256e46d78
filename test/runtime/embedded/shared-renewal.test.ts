import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { Flusher } from '../../../runtime/embedded/flusher.ts';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import { enterLog, settleEntry } from '../../../runtime/embedded/recovery.ts';
import { spentBudget } from '../mapped/budgets.ts';
import { Child } from './child/process.ts';
import { rewriteControl } from './control.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();
const children: Child[] = [];

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
});

/** Lets another process work in the moment in which this one holds no snapshot. */
class Interrupted extends Environment {
  meanwhile: () => void = () => {};
  override reopen(): void {
    super.reopen();
    this.meanwhile();
  }
}

/** Waits without giving up the thread, as the moment in question does not. */
function waitForFile(path: string): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + 20_000;
  while (!existsSync(path)) {
    if (performance.now() > deadline) throw new Error(`the other process did not make ${path}`);
    Atomics.wait(cell, 0, 0, 2);
  }
}

function contents(environment: Environment): Record<string, string> {
  const rows = environment.range(Buffer.from([0]), Buffer.from([255]));
  return Object.fromEntries(
    Array.from(rows, ({ key, value }) => [key.toString(), value.toString('latin1')]),
  );
}

/**
 * While process A maps the file anew and holds no snapshot, process B rewrites every row many
 * times. Then the machine dies. What is found after it, and what A's last mark said before.
 */
async function crashMeanwhile(options: { readonly marking: boolean }): Promise<{
  found: unknown;
  expected: unknown;
}> {
  const layout = dataLayout(newFolder());
  const said = newFolder();
  const entry = enterLog(layout, { ahead: true, create: true });
  const environment = new Interrupted(layout.records, 'no-sync');
  const place = { dataFile: dataFile(layout.records), marksFolder: layout.marks, id: entry.id };
  const flusher = new Flusher(environment, place, spentBudget());
  flusher.flushNow();
  settleEntry(layout, entry);
  const args = [layout.records, layout.marks, said, String(options.marking)];
  const child = new Child('./mark-writer.ts', args);
  children.push(child);
  await child.line('ready');
  for (let round = 0; round < 5; round++) {
    environment.write(() => {
      for (let n = 0; n < 60; n++) {
        environment.put(Buffer.from(`key-${n}`), Buffer.alloc(2_000 + 100 * n, `a${round} `));
      }
    });
  }
  const expected = contents(environment);
  const crashed = dataLayout(newFolder());
  environment.meanwhile = () => {
    // Said by a write to the pipe that does not wait for the event loop.
    child.say('now');
    waitForFile(join(said, 'now'));
    cpSync(layout.log, crashed.log, { recursive: true });
    mkdirSync(crashed.records, { recursive: true });
    writeFileSync(dataFile(crashed.records), readFileSync(dataFile(layout.records)));
  };
  await flusher.flush();
  flusher.close();
  await environment.close();
  await entry.control.close();

  await rewriteControl(crashed, (record) => ({ ...record, boot: 'the boot before' }));
  const again = enterLog(crashed, { ahead: false, create: false });
  const after = new Environment(crashed.records, 'no-sync');
  let found: unknown;
  try {
    found = contents(after);
  } catch (error) {
    found = error;
  }
  await after.close();
  await again.control.close();
  return { found, expected };
}

describe('mapping a log anew while another process commits', () => {
  test('keeps the last mark whole', async () => {
    const { found, expected } = await crashMeanwhile({ marking: true });
    expect(found).toEqual(expected);
  });

  test('would not, if the other process held no snapshot of its own', async () => {
    const { found, expected } = await crashMeanwhile({ marking: false });
    expect(found).not.toEqual(expected);
  });
});
