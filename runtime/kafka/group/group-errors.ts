import { ConfigError } from '../../../topology/core/errors.ts';
import { codeOf } from '../error-codes.ts';
import { refused } from '../broker-error.ts';

/** Another process runs with the same slot (FENCED_INSTANCE_ID). */
export function slotTaken(group: string, slot: string): ConfigError {
  return new ConfigError(
    'SLOT_TAKEN',
    `another process of application "${group}" runs with the slot "${slot}" and has taken over from this one: ` +
      'give each process a data folder of its own',
  );
}

/** The leader does not admit this member's plan. */
export function planRefused(group: string, why: string): ConfigError {
  return new ConfigError(
    'PLAN_REFUSED',
    `the running members of application "${group}" do not admit this topology: ${why}`,
  );
}

/** The leader assigned a task that this member's topology does not have. */
export function taskUnknown(group: string, task: string): ConfigError {
  return new ConfigError(
    'TASK_UNKNOWN',
    `application "${group}" has a task ${task} that this topology lacks: run the same topology in all processes`,
  );
}

/** A client of another kind is in the group, or took it over. */
export function foreignGroup(group: string): ConfigError {
  return new ConfigError(
    'GROUP_FOREIGN',
    `a client that is not Millrace is in the group "${group}": stop it, or give one of the two another name`,
  );
}

/** The error of a group request that was refused for good. */
export function groupRefused(code: number, group: string): Error {
  if (codeOf(code).name === 'INCONSISTENT_GROUP_PROTOCOL') return foreignGroup(group);
  return refused(code, `let this process into group "${group}"`, {
    right: `Read on group "${group}"`,
  });
}
