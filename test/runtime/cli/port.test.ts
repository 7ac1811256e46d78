import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cli } from './cli.ts';
import { projects } from './project.ts';

const project = projects();
const script = fileURLToPath(
  new URL('../../../processors/orders/provider/main.ts', import.meta.url),
);

test('a port in use is named, and another way is offered', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cwd = project({});
  const args = ['--ledger', 'ledger.jsonl', '--port', String(port)];
  const result = await cli(args, { cwd, script });
  server.close();
  expect(result).toEqual({
    code: 3,
    stdout: '',
    stderr: `provider: port ${port} is in use: give another one with --port, or 0 for any\n`,
  });
});
