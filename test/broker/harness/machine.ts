import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { kafkaLibraryFolder } from './artifacts.ts';
import type { Machine } from './choose-broker.ts';

let known: Machine | undefined;

/** This machine; looked at once. A container runtime is asked with its own command, `docker`. */
export function thisMachine(): Machine {
  known ??= {
    docker: output('docker', ['info', '--format', '{{.ServerVersion}}']) !== undefined,
    java: javaVersion(output('java', ['-version'])),
    jdk: output('javac', ['-version']) !== undefined && onPath('keytool'),
    jars: existsSync(kafkaLibraryFolder()) || output('mvn', ['-v']) !== undefined,
  };
  return known;
}

/** Major version in what `java -version` says; undefined where it says none. */
export function javaVersion(text: string | undefined): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(text ?? '');
  return found === null ? undefined : Number(found[1]);
}

/** What a program says; undefined where it is not there or fails. */
function output(program: string, args: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return status === 0 ? `${stdout}${stderr}` : undefined;
}

function onPath(program: string): boolean {
  return spawnSync(program, ['-help'], { timeout: 10_000 }).error === undefined;
}
