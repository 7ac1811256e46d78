import { struct, type StructOf, type WireFields, type WireType } from './types.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** A request of Kafka's protocol and its response. */
export interface Api<Request, Response> {
  /** Kafka's number of the request. */
  readonly key: number;
  readonly name: string;
  /** Versions that are declared here: the oldest, the newest. */
  readonly versions: readonly [oldest: number, newest: number];
  /** First version with compact lengths and tagged fields. */
  readonly flexibleFrom: number;
  /** Body of the request, without the header. `bytes`: what it takes at most, where the caller knows; it saves growing for large ones. */
  encode(request: Request, version: number, bytes?: number): Buffer;
  /** Reads a body of the response, without the header. Byte fields are views of it. */
  decode(body: Buffer, version: number): Response;
  /** The other half, for tests and stand-in brokers. */
  decodeRequest(body: Buffer, version: number): Request;
  encodeResponse(response: Response, version: number): Buffer;
}

export type RequestOf<A> = A extends Api<infer Request, infer _> ? Request : never;
export type ResponseOf<A> = A extends Api<infer _, infer Response> ? Response : never;

/**
 * Declares a request and its response: the fields as Kafka's message definitions name them, in the
 * order of the wire.
 */
export function api<Q extends WireFields, R extends WireFields>(declared: {
  readonly key: number;
  readonly name: string;
  readonly versions: readonly [oldest: number, newest: number];
  /** First flexible version; Infinity: none that is declared. */
  readonly flexibleFrom: number;
  readonly request: Q;
  readonly response: R;
}): Api<StructOf<Q>, StructOf<R>> {
  const { key, name, versions, flexibleFrom } = declared;
  const request = struct(declared.request);
  const response = struct(declared.response);
  return {
    key,
    name,
    versions,
    flexibleFrom,
    encode: (value, version, bytes) => write(request, value, version, flexibleFrom, bytes),
    decode: (body, version) => read(response, body, version, flexibleFrom),
    decodeRequest: (body, version) => read(request, body, version, flexibleFrom),
    encodeResponse: (value, version) => write(response, value, version, flexibleFrom),
  };
}

function write<T>(
  type: WireType<T>,
  value: T,
  version: number,
  flexibleFrom: number,
  bytes?: number,
): Buffer {
  const writer = new WireWriter(bytes);
  type.write(writer, value, { version, flexible: version >= flexibleFrom });
  return writer.finish();
}

function read<T>(type: WireType<T>, body: Buffer, version: number, flexibleFrom: number): T {
  return type.read(new WireReader(body), { version, flexible: version >= flexibleFrom });
}
