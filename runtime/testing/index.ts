/**
 * Tests of topologies: the real engine on a log in memory and a clock that the test moves. Public
 * entry point `millrace/testing`; depends on no test framework.
 */
export type { CrashPoint } from '../engine/committer.ts';
export type { EngineOptions } from '../engine/engine-options.ts';
export type { TaskControl } from '../task/task-control.ts';
export { type CutCheckOptions, expectCutIndependent } from './cut-check.ts';
export type { ReleaseOptions } from './letter-release.ts';
export { ManualClock } from './manual-clock.ts';
export type { SentRecord, TopicRecord } from '../app/named-topics.ts';
export { type DriverOptions, TopologyDriver } from './topology-driver.ts';
