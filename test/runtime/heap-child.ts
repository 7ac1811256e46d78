import { memoryUsage } from 'node:process';
import { growHeapWithNeed } from '../../runtime/heap.ts';

// Keeps a working set of objects that live for a while, and prints the largest size of the heap.
if (process.argv[2] === 'true') growHeapWithNeed();
const kept: { text: string; list: number[] }[] = [];
let peak = 0;
for (let i = 0; i < 800_000; i++) {
  kept[i % 100_000] = { text: `row-${i}-${i * 7}`, list: [i, i + 0.5, i + 0.25, i, i, i, i, i] };
  if (i % 10_000 === 0) peak = Math.max(peak, memoryUsage().heapTotal);
}
process.stdout.write(String(Math.round(peak / 1024 ** 2)));
