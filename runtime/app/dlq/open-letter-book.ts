import { plan } from '../../../topology/plan/planner.ts';
import { PlanRecords } from '../plans/plan-records.ts';
import type { ToolLog } from '../tool-log.ts';
import { checkedGraph, type TopologySource } from '../topology-source.ts';
import { LetterBook } from './letter-book.ts';

/**
 * The dead letters of a topology's application. Its tasks, and the stores that they hold records in, have the names with which the application ran last: those of
 * the file alone may be others.
 * @throws {TopologyError} when the file has problems
 * @throws {SerdeError} CONTROL_VERSION when a newer version of this library wrote the plan
 */
export async function openLetterBook(
  topology: TopologySource,
  { log }: Pick<ToolLog, 'log'>,
): Promise<LetterBook> {
  const graph = checkedGraph(topology);
  const records = new PlanRecords(log, graph.definition.application, 'dlq');
  const previous = (await records.read('committed')).current?.manifest.subTopologies;
  return new LetterBook(plan(graph, previous === undefined ? {} : { previous }), log);
}
