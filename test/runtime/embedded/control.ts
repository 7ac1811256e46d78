import { Environment } from '../../../runtime/embedded/environment.ts';
import type { DataLayout } from '../../../runtime/embedded/layout.ts';

/** Changes the control record of a log that is not open, as a test's way to another boot. */
export async function rewriteControl(
  layout: DataLayout,
  change: (record: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const key = Buffer.from('control');
  const control = new Environment(layout.control, 'sync');
  control.write(() => {
    const record = JSON.parse(control.get(key)!.toString()) as Record<string, unknown>;
    control.put(key, Buffer.from(JSON.stringify(change(record))));
  });
  await control.close();
}
