import { ConfigError } from '../../topology/core/errors.ts';
import type { Api } from './protocol/api.ts';
import type { KafkaWire, NodeId, RawRequest } from './wire.ts';

export interface CallOptions {
  /** The version to use; it must be one that is declared and that the broker takes. @defaultValue the newest of both */
  readonly version?: number;
  /** @defaultValue 'control' */
  readonly lane?: RawRequest['lane'];
  /** Longest wait for the response, ms. @defaultValue 30 s */
  readonly timeoutMs?: number;
  /** Bytes that the body takes at most. @defaultValue unknown: it grows */
  readonly bodyBytes?: number;
}

const defaultTimeoutMs = 30_000;

/** Sends a declared request and reads its response. Error codes inside it are the caller's. */
export async function call<Request, Response>(
  wire: KafkaWire,
  node: NodeId,
  api: Api<Request, Response>,
  request: Request,
  options: CallOptions = {},
): Promise<Response> {
  const version = options.version ?? (await versionOf(wire, node, api));
  const body = await wire.rpc(node, {
    apiKey: api.key,
    version,
    flexible: version >= api.flexibleFrom,
    name: api.name,
    body: api.encode(request, version, options.bodyBytes),
    lane: options.lane ?? 'control',
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
  });
  return api.decode(body, version);
}

/**
 * The newest version of a request that both sides know.
 * @throws {ConfigError} BROKER_VERSION where there is none
 */
export async function versionOf<Request, Response>(
  wire: KafkaWire,
  node: NodeId,
  api: Api<Request, Response>,
): Promise<number> {
  return pickVersion(await wire.versions(node), api, `broker ${node}`);
}

/**
 * The newest version of a request that is declared and within what a broker takes.
 * @throws {ConfigError} BROKER_VERSION where there is none
 */
export function pickVersion<Request, Response>(
  versions: ReadonlyMap<number, readonly [oldest: number, newest: number]>,
  api: Api<Request, Response>,
  where: string,
): number {
  const range = versions.get(api.key);
  const [oldest, newest] = api.versions;
  const version = Math.min(newest, range?.[1] ?? -1);
  if (range === undefined || version < oldest) {
    const theirs = range === undefined ? 'does not offer it' : `takes ${versionsOf(range)}`;
    const need = `of ${api.name} this needs version ${versionsOf(api.versions)}`;
    throw brokerTooOld(where, `${need}, and the broker ${theirs}`);
  }
  if (version < range[0]) {
    throw new ConfigError(
      'BROKER_VERSION',
      `${where} is too new for this version of Millrace, take a newer one: of ${api.name} this knows ` +
        `version ${versionsOf(api.versions)}, and the broker takes ${versionsOf(range)}`,
    );
  }
  return version;
}

/** A broker from before the oldest Kafka that this runs on: before 3.6 (KIP-890) a request that comes late may leave a transaction open for ever. */
export function brokerTooOld(where: string, said?: string): ConfigError {
  const needed = `${where} is too old: Kafka 3.6 or newer is needed`;
  return new ConfigError('BROKER_VERSION', said === undefined ? needed : `${needed} (${said})`);
}

function versionsOf([oldest, newest]: readonly [number, number]): string {
  return oldest === newest ? `${oldest}` : `${oldest} to ${newest}`;
}
