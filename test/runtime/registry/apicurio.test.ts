import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { client } from './served.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Answers = Readonly<Record<string, readonly [status: number, body: unknown]>>;

const api = '/apis/ccompat/v7';
const rule = '/apis/registry/v2/groups/default/artifacts/a-value/rules/COMPATIBILITY';
const noRule = {
  error_code: 404,
  message: "No rule named 'COMPATIBILITY' was found.",
  name: 'RuleNotFoundException',
};
const noArtifact = { error_code: 40_401, message: "No artifact with ID 'a-value' was found." };

/** The URL of a server with these answers, by paths, or methods and paths; it answers 500 to all else. */
async function answering(answers: Answers, requests: string[] = []): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    const { method, url } = request;
    requests.push(`${method} ${url}`);
    const [status, body] = answers[`${method} ${url}`] ?? answers[url as string] ?? [500, {}];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const modes: Answers = {
  [`${api}/config/a-value`]: [200, { compatibilityLevel: 'NONE' }],
  [`${api}/config`]: [200, { compatibilityLevel: 'BACKWARD' }],
};

describe("Apicurio's registry", () => {
  test('judges a subject without a mode of its own by that of all, and says NONE of it', async () => {
    const url = await answering({ ...modes, [rule]: [404, noRule] });
    expect(await client(`${url}${api}`).compatibility('a-value')).toEqual({
      mode: 'BACKWARD',
      own: false,
    });
  });

  test.each<readonly [string, readonly [number, unknown]]>([
    ['the subject has the rule', [200, { type: 'COMPATIBILITY', config: 'NONE' }]],
    ['nobody is let there', [403, {}]],
    ['there is no such API', [404, {}]],
  ])('is believed where %s', async (_, answer) => {
    const url = await answering({ ...modes, [rule]: answer });
    expect(await client(`${url}${api}`).compatibility('a-value')).toEqual({
      mode: 'NONE',
      own: true,
    });
  });

  test('is given a rule of its own for NONE, which it would take for the mode of all', async () => {
    const requests: string[] = [];
    const rules = rule.replace('/COMPATIBILITY', '');
    const url = await answering(
      { ...modes, [rule]: [404, noRule], [`POST ${rules}`]: [204, null] },
      requests,
    );
    await client(`${url}${api}`).setCompatibility('NONE', 'a-value');
    expect(requests.filter((it) => !it.startsWith('GET'))).toEqual([
      `PUT ${api}/config/a-value`,
      `POST ${rules}`,
    ]);
  });

  test('is refused where it does not take the rule', async () => {
    const rules = rule.replace('/COMPATIBILITY', '');
    const url = await answering({ ...modes, [rule]: [404, noRule], [`POST ${rules}`]: [403, {}] });
    await expect(client(`${url}${api}`).setCompatibility('NONE', 'a-value')).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
  });

  test('is not asked for its rules where the path is of another registry', async () => {
    const url = await answering({ '/config/a-value': [200, { compatibilityLevel: 'NONE' }] });
    expect(await client(url).compatibility('a-value')).toEqual({ mode: 'NONE', own: true });
  });

  test('has no versions of a subject of which it lists the deleted ones, and gives none', async () => {
    const url = await answering({
      '/subjects/a-value/versions?deleted=true': [200, [1, 2]],
      '/subjects/a-value/versions': [404, noArtifact],
      '/subjects/a-value/versions?deleted=false': [404, noArtifact],
      '/subjects/a-value/versions/1?deleted=true': [404, noArtifact],
      '/subjects/a-value/versions/2?deleted=true': [404, noArtifact],
    });
    expect(await client(url).allVersions('a-value')).toEqual([]);
  });
});
