import { onSignal } from '../../../../runtime/cli/signals.ts';

/** Says when the first signal comes, and stays. */
const { signal } = onSignal();
signal.addEventListener('abort', () => process.stdout.write('first\n'));
setInterval(() => {}, 1000);
process.stdout.write('ready\n');
