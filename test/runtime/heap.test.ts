import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const child = fileURLToPath(new URL('heap-child.ts', import.meta.url));

/** How far the heap of a process grows that always has the same amount of live objects, MiB. */
function peakHeap(options: { readonly call: boolean; readonly nodeOptions?: string }): number {
  const { stdout } = spawnSync(
    process.execPath,
    ['--max-semi-space-size=4', child, String(options.call)],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: options.nodeOptions ?? '' },
    },
  );
  return Number(stdout);
}

describe('growHeapWithNeed', () => {
  test('keeps the heap near what is live, and leaves it to a user who says its size', () => {
    const small = peakHeap({ call: true });
    const left = peakHeap({ call: false });
    const said = peakHeap({ call: true, nodeOptions: '--max-old-space-size=4096' });
    expect(small).toBeGreaterThan(20);
    expect(small).toBeLessThan(0.6 * left);
    expect(said).toBeGreaterThan(1.6 * small);
  });
});
