import { resolutionsTopic } from '../../../topology/core/names.ts';
import type { TopicPlan } from '../../../topology/plan/plan.ts';
import type { CallLogEntry } from '../../calls/call-log.ts';
import { encodeResolution, type Resolution } from '../../calls/resolution.ts';
import { RecordBatchBuilder } from '../../codec/batch-builder.ts';
import { pause } from '../../pause.ts';
import type { Log } from '../../ports.ts';
import { appendOnce } from '../append-once.ts';
import { systemClock } from '../system-clock.ts';
import type { BookedCall, CallBook } from './call-book.ts';

/** How often the call log is looked at for the end of a call, ms. */
const lookMs = 200;

/** What a person decides. */
export type Decision = Pick<Resolution, 'result' | 'note'>;

/**
 * Writes a decision about a call that is open, and waits until it has ended. The task that has the call takes it: now, or when the application runs again.
 *
 * Undefined: it has not ended within `waitMs`.
 * @throws as {@link appendOnce}
 */
export async function resolveCall(
  log: Log,
  book: CallBook,
  { id, intent }: BookedCall,
  { result, note, waitMs }: Decision & { readonly waitMs: number },
): Promise<CallLogEntry | undefined> {
  const { idempotencyKey, progress } = intent;
  const { sinceMs } = progress;
  const topic = resolutionsTopic(book.plan.application);
  const { name, partitions, cleanup, retention } = book.plan.topics.get(topic) as TopicPlan;
  // An application of an earlier version has left none.
  await log.admin.create({ name, partitions: partitions ?? 1, cleanup, retention });
  const record = encodeResolution({ call: id, idempotencyKey, sinceMs, result, note });
  const builder = new RecordBatchBuilder();
  builder.appendPair(systemClock.now(), record.key, record.value, []);
  const batch = builder.finish();
  await appendOnce(log, `${book.plan.application}-calls`, {
    topic,
    partition: 0,
    batch,
    records: 1,
  });
  const untilMs = systemClock.monotonic() + waitMs;
  const since = sinceMs === undefined ? undefined : new Date(sinceMs).toISOString();
  for (;;) {
    const [entry] = await book.ended((it) => it.call === id && it.since === since);
    if (entry !== undefined || systemClock.monotonic() >= untilMs) return entry;
    await pause(systemClock, lookMs);
  }
}
