import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * One life of one process on one boot of the machine. A process id alone is used again, and sooner
 * than one thinks in a container.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system says it; only compared. */
  readonly started: string;
  /** Boot of the machine. */
  readonly boot: string;
  /** Name space of process ids, a container's for example; only compared. Empty where the system tells none. */
  readonly pidSpace?: string;
}

/** The process that runs this. */
export function thisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    boot: bootId(),
    pidSpace: pidSpace(),
  };
}

/** True when the process is running. A process in another process-id name space looks dead. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.boot === bootId() && startOf(identity.pid) === identity.started;
}

/** True when the process may be running where it cannot be seen from here: in another process-id name space of this machine. */
export function isOutOfSight({ boot, pidSpace: space = '' }: ProcessIdentity): boolean {
  const own = pidSpace();
  return boot === bootId() && space !== '' && own !== '' && space !== own;
}

/**
 * Identity of the present boot of the machine: what was written before another boot and not
 * flushed may be gone. Empty where the system tells none.
 */
export function bootId(): string {
  try {
    if (process.platform === 'linux') {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    }
    return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** When a process started; undefined when there is none with the id. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the command in parentheses and may hold anything; the fields after it
      // are counted from its last parenthesis. State is the 3rd field, start time the 22nd.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return text.trim() === '' ? undefined : text.trim();
  } catch {
    return undefined;
  }
}
