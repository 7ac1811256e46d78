import { createRequire } from 'node:module';
import type confluent from '@kafkajs/confluent-schema-registry/dist/api/index.js';

type ConfluentApi = typeof confluent;

/** A request to a registry. */
export interface RegistryRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the registry's URL: with a slash before, the query behind. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; undefined: none. */
  readonly body: string | undefined;
}

/** What a registry answered, whatever the status. */
export interface RegistryAnswer {
  readonly status: number;
  /** Parsed JSON; undefined where it was none. */
  readonly body: unknown;
}

/** Sends a request, and tries again what passes by itself. Rejects when there is no answer. */
export type SendToRegistry = (request: RegistryRequest) => Promise<RegistryAnswer>;

/** A schema as bodies of requests have it. */
export interface SchemaBody {
  readonly schema: string;
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

/** The API of Confluent's registry, an answer for each call. */
export interface ConfluentClient {
  schema(id: number): Promise<RegistryAnswer>;
  subjects(): Promise<RegistryAnswer>;
  versions(subject: string, deleted: boolean): Promise<RegistryAnswer>;
  version(subject: string, version: number, deleted: boolean): Promise<RegistryAnswer>;
  register(subject: string, body: SchemaBody): Promise<RegistryAnswer>;
  /** Against one version, or all. */
  compatible(
    subject: string,
    body: SchemaBody,
    version: number | 'latest' | 'all',
  ): Promise<RegistryAnswer>;
  /** Of a subject, or of all. */
  config(subject?: string): Promise<RegistryAnswer>;
  setConfig(mode: string, subject?: string): Promise<RegistryAnswer>;
  softDelete(subject: string, version?: number): Promise<RegistryAnswer>;
}

const mediaType = 'application/vnd.schemaregistry.v1+json';

/**
 * The client of `@kafkajs/confluent-schema-registry`: its paths, parameters and bodies. What it sends goes through `send`, since of a failure its own transport
 * keeps neither the registry's error code nor `Retry-After`, and tells a broken connection as status 400.
 */
export function confluentClient(send: SendToRegistry): ConfluentClient {
  // Its API without the rest of the package, which loads Protobuf and JSON Schema, too; and only where a registry is asked.
  const api = createRequire(import.meta.url)(
    '@kafkajs/confluent-schema-registry/dist/api/index.js',
  ) as ConfluentApi;
  const { Schema, Subject } = api.default({
    host: 'http://registry',
    clientId: 'millrace',
    middlewares: [through(send)],
  });
  // Its methods are typed `any`: what comes is what `through` gives.
  const ask = (answer: unknown): Promise<RegistryAnswer> => answer as Promise<RegistryAnswer>;
  const versions = '/subjects/{subject}/versions';
  return {
    schema: (id) => ask(Schema.find({ id })),
    subjects: () => ask(Subject.all({})),
    versions: (subject, deleted) => ask(Subject.all({ path: versions, subject, deleted })),
    version: (subject, version, deleted) => ask(Subject.version({ subject, version, deleted })),
    register: (subject, body) => ask(Subject.register({ subject, body })),
    compatible: (subject, body, version) =>
      ask(
        version === 'all'
          ? Subject.register({
              path: `/compatibility${versions}`,
              subject,
              body,
              verbose: true,
            })
          : Subject.compatible({ subject, version, body, verbose: true }),
      ),
    config: (subject) =>
      ask(Subject.config(subject === undefined ? { path: '/config' } : { subject })),
    setConfig: (mode, subject) => {
      const body = { compatibility: mode };
      return ask(
        Subject.updateConfig(subject === undefined ? { path: '/config', body } : { subject, body }),
      );
    },
    // It has no deletes.
    softDelete: (subject, version) => {
      const path = `/subjects/${encodeURIComponent(subject)}`;
      return send({
        method: 'DELETE',
        path: version === undefined ? path : `${path}/versions/${version}`,
        headers: { 'content-type': mediaType },
        body: undefined,
      });
    },
  };
}

type Middlewares = NonNullable<Parameters<ConfluentApi['default']>[0]['middlewares']>;

/** Takes the place of the client's transport. */
function through(send: SendToRegistry): Middlewares[number] {
  return () => ({
    // The next one would be its transport.
    response: (_next, _renew, request) =>
      send({
        method: request.method().toUpperCase() as RegistryRequest['method'],
        path: request.path(),
        headers: request.headers() as Record<string, string>,
        body: request.body() as string | undefined,
      }) as Promise<never>,
  });
}
