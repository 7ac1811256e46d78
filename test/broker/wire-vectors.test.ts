import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { declaredApis } from '../runtime/kafka/messages/declared.ts';
import { runJava } from './harness/java.ts';
import { requireJava } from './harness/require.ts';

const program = fileURLToPath(new URL('java/WireVectors.java', import.meta.url));

requireJava();

test('the vectors of the messages are what the Java client writes', async () => {
  const apis = await declaredApis();
  const asked = apis.map(({ key, versions: [oldest, newest] }) => `${key}:${oldest}-${newest}`);
  const { code, stdout, stderr } = await runJava(program, asked);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  await expect(stdout).toMatchFileSnapshot('../runtime/kafka/messages/wire-vectors.jsonl');
});
