import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Reads `pid N`, `gone N` and `dir PATH` and waits for the end of its input, which comes when the
 * process that wrote them is gone, however it went; then kills and deletes what is left.
 */
const script = `
pids=' '
while read -r verb arg; do
  case $verb in
    pid) pids="$pids$arg " ;;
    gone) case "$pids" in *" $arg "*) pids="\${pids%% $arg *} \${pids#* $arg }" ;; esac ;;
    dir) set -- "$@" "$arg" ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for pid in $pids; do
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
done
for dir; do rm -rf "$dir"; done
`;

let reaper: ChildProcess | undefined;

/** The process that outlives this one; started once, and in no way a reason for this one to stay. */
function tell(line: string): void {
  if (reaper === undefined) {
    reaper = spawn('sh', ['-c', script, 'reaper'], {
      // Its own process group: the terminal's Ctrl-C must not reach it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    reaper.unref();
    (reaper.stdin as Socket).unref();
  }
  (reaper.stdin as Writable).write(`${line}\n`);
}

/** A process that must not outlive this one, whatever ends this one. */
export function reapProcess(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  tell(`pid ${pid}`);
  child.once('exit', () => tell(`gone ${pid}`));
}

/** A folder that is deleted when this process is gone, if it still exists then. */
export function reapFolder(folder: string): void {
  tell(`dir ${folder}`);
}
