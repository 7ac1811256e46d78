import type { Clock } from '../../topology/core/clock.ts';

export interface HttpAsk {
  readonly url: string;
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The most that an answer may have; a member's has 4 MiB of rows, which JSON makes some three times as many, or one row of each partition. */
const maxBodyBytes = 256 * 1024 * 1024;

/**
 * Gets JSON. Redirections are not followed: a token must not go to somebody else.
 * @throws {Error} saying in few words why there is no answer
 */
export async function askHttp({ url, token, clock, timeoutMs }: HttpAsk): Promise<HttpAnswer> {
  const abort = new AbortController();
  const late = new Error(`no answer within ${timeoutMs} ms`);
  const cancel = clock.after(timeoutMs, () => abort.abort(late));
  try {
    const response = await fetch(url, {
      signal: abort.signal,
      redirect: 'error',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: JSON.parse(await textOf(response)) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new Error('what answers there is no member of an application', { cause: error });
    }
    // What `fetch` failed of is in the cause.
    const { cause = error } = error as { readonly cause?: unknown };
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(code ?? message, { cause: error });
  } finally {
    cancel();
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > maxBodyBytes) throw new Error(`an answer of more than ${maxBodyBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}
