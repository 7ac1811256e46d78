import type { Log } from '../ports.ts';
import { addRefused, isRefusedRow, type RefusedByTopic } from '../task/refused-rows.ts';
import { decodeControl, type TaskControl } from '../task/task-control.ts';
import { readTo } from './changelog-reader.ts';
import { unlessAborted } from './unless-aborted.ts';

/** What the control topic says of one task: its last control record (E5), and the records that its tables refused. Read on from where it stopped. */
export class ControlRecords {
  control: TaskControl | undefined;
  readonly refused: RefusedByTopic = new Map();
  private readonly log: Log;
  private readonly taskId: string;
  private readonly topic: string;
  private readonly partition: number;
  private position = 0;

  constructor(log: Log, taskId: string, at: { topic: string; partition: number }) {
    this.log = log;
    this.taskId = taskId;
    this.topic = at.topic;
    this.partition = at.partition;
  }

  /**
   * Reads to the topic's end as of now, pending records included. Call it after the committed positions are known: what was committed with them is then read.
   * @throws {SerdeError} CONTROL_VERSION
   */
  async read(signal: AbortSignal): Promise<void> {
    const { log, topic, partition } = this;
    const [ends] =
      (await unlessAborted(log.ends([{ topic, partition }], 'uncommitted'), signal)) ?? [];
    const target = ends?.end ?? 0;
    const offset = Math.max(this.position, ends?.start ?? 0);
    await readTo(
      log,
      { topic, partition, offset },
      target,
      (records, position) => {
        for (const { key, value } of records) {
          if (key === null || value === null) continue;
          if (isRefusedRow(key)) addRefused(this.refused, this.taskId, key, value);
          else if (key.toString() === this.taskId) this.control = decodeControl(value);
        }
        this.position = position;
      },
      signal,
    );
  }
}
