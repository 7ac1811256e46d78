import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** True when nothing refers to what `ref` points at: it is gone after a collection. */
export async function isFree(ref: WeakRef<object>): Promise<boolean> {
  // What was looked at in a task stays until the task is over.
  await setImmediate();
  collectGarbage();
  return ref.deref() === undefined;
}
