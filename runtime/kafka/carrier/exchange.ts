import { apiVersions } from '../messages/api-versions.ts';
import { WireReader } from '../protocol/wire-reader.ts';
import type { RawRequest } from '../wire.ts';
import type { KafkaJsExchange } from './kafkajs-connection.ts';

/** An empty list of tagged fields: how the header of a flexible request ends. */
const noTags = Buffer.from([0]);

const same = (payload: Buffer): Promise<Buffer> => Promise.resolve(payload);

/** A raw request as KafkaJS takes it; what comes back still has its header's tagged fields. */
export function exchangeOf(request: Omit<RawRequest, 'lane' | 'timeoutMs'>): KafkaJsExchange {
  const buffer = request.flexible ? Buffer.concat([noTags, request.body]) : request.body;
  return {
    request: {
      apiKey: request.apiKey,
      apiVersion: request.version,
      apiName: request.name,
      encode: () => Promise.resolve({ buf: buffer, buffer }),
    },
    response: { decode: same, parse: same },
  };
}

/** The body of a response: without the tagged fields that end the header of a flexible one, ApiVersions excepted (KIP-511). */
export function bodyOf(request: Pick<RawRequest, 'apiKey' | 'flexible'>, payload: Buffer): Buffer {
  if (!request.flexible || request.apiKey === apiVersions.key) return payload;
  const reader = new WireReader(payload);
  for (let left = reader.unsignedVarint(); left > 0; left--) {
    reader.unsignedVarint();
    reader.raw(reader.unsignedVarint());
  }
  return payload.subarray(reader.position);
}
