import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cli, cli } from '../cli.ts';
import { projects, words } from '../project.ts';

const project = projects();

describe('millrace registry', () => {
  test('serves the registry of a data folder until it is stopped, and keeps what it was given', async () => {
    const cwd = project(words);
    const server = new Cli(['registry', '--port', '0'], { cwd });
    await server.until(({ stderr }) => stderr.includes('is served at http://127.0.0.1:'));
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(server.stderr) ?? [];
    expect(
      await cli(['schemas', 'register', 'words.yaml', '--registry', url], { cwd }),
    ).toMatchObject({
      code: 0,
    });
    server.process.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
    expect((await cli(['schemas', 'list'], { cwd })).stdout).toBe(
      'SUBJECT        VERSIONS  ID  MODE\n' +
        'said-value            1   1  (BACKWARD)\n' +
        'shouted-value         1   1  (BACKWARD)\n',
    );
  });

  test('is not served to others without a token', async () => {
    const cwd = project(words);
    expect(await cli(['registry', '--host', '0.0.0.0'], { cwd })).toMatchObject({
      code: 3,
      stderr:
        'error[OPTION_REGISTRY] the registry cannot be served: the host is 0.0.0.0, which others can reach: give a token, or take a loopback address\n',
    });
  });

  test('is served while an application runs, where the runner file says so', async () => {
    const cwd = project({
      ...words,
      'millrace.yaml': 'registry: { serve: { port: 0 } }\n',
    });
    const run = new Cli(['run', 'words.yaml', '--data', join(cwd, 'data')], { cwd });
    await run.until(({ stderr }) => stderr.includes('the schema registry is served at http://'));
    await run.until(({ stderr }) => stderr.includes('runs on'));
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(run.stderr) ?? [];
    const response = await fetch(`${url}/subjects`);
    expect(await response.json()).toContain('shouted-value');
    run.process.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
  });
});
