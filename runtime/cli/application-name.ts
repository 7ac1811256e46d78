import { existsSync } from 'node:fs';
import { checkedGraph, readTopology } from '../app/topology-source.ts';

/** True for what names a topology file, there or not, rather than an application. */
export function isTopologyFile(name: string): boolean {
  return existsSync(name) || /\.ya?ml$/.test(name);
}

/**
 * The application that `name` means, itself or by its topology file, the rest of which need not be sound.
 * @throws {TopologyError} when the file has no name of it
 */
export function applicationNamed(name: string): string {
  if (!isTopologyFile(name)) return name;
  const topology = readTopology(name);
  const application = topology.definition?.application ?? '';
  return application === '' ? checkedGraph(topology).definition.application : application;
}
