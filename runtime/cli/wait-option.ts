import { InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../../topology/core/duration.ts';

/** `--wait <time>`, as ms: how long a command looks for what the application makes of it. `0ms` does not wait. */
export function waitOption(): Option {
  return new Option('--wait <time>', 'how long to wait for the application to take it')
    .argParser(waitMs)
    .default(5000, '5s');
}

function waitMs(text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('write it like 500ms, 5s or 1m');
}
