import { partitionId, type TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { TaskUnit } from '../../ports.ts';
import { taskUnknown } from './group-errors.ts';

/** The tasks that a member has: from before `assigned` is called until `revoked` has returned, or it is known that they are lost. */
export class Holdings {
  private readonly group: string;
  private readonly units: ReadonlyMap<string, TaskUnit>;
  private readonly tasks = new Map<string, readonly TopicPartition[]>();
  private readonly owned = new Set<string>();

  constructor(group: string, units: readonly TaskUnit[]) {
    this.group = group;
    this.units = new Map(units.map((unit) => [unit.id, unit]));
  }

  get ids(): string[] {
    return [...this.tasks.keys()];
  }

  /** True where it has no partition. */
  get empty(): boolean {
    return this.owned.size === 0;
  }

  has({ topic, partition }: TopicPartition): boolean {
    return this.owned.has(partitionId(topic, partition));
  }

  partitionsOf(ids: readonly string[]): TopicPartition[] {
    return ids.flatMap((id) => this.tasks.get(id) ?? []);
  }

  /**
   * Adds those of the tasks that it does not have yet.
   * @returns their partitions
   * @throws {ConfigError} TASK_UNKNOWN
   */
  add(ids: readonly string[]): TopicPartition[] {
    const added = ids.filter((id) => !this.tasks.has(id));
    for (const id of added) {
      const unit = this.units.get(id);
      if (unit === undefined) throw taskUnknown(this.group, id);
      this.tasks.set(id, unit.inputs);
      for (const { topic, partition } of unit.inputs) this.owned.add(partitionId(topic, partition));
    }
    return this.partitionsOf(added);
  }

  remove(ids: readonly string[]): void {
    for (const { topic, partition } of this.partitionsOf(ids)) {
      this.owned.delete(partitionId(topic, partition));
    }
    for (const id of ids) this.tasks.delete(id);
  }

  /** All are lost; `lost` has yet to be called for them. */
  void(): void {
    this.owned.clear();
  }

  /** @returns the partitions that it had */
  clear(): TopicPartition[] {
    const partitions = this.partitionsOf(this.ids);
    this.remove(this.ids);
    return partitions;
  }
}
