import type { SubjectVersion } from '../ports.ts';
import { ApiError } from './api-error.ts';
import type { StoredRegistry } from './stored-registry.ts';

/** A version of a subject that a request names. */
export interface SubjectRow extends SubjectVersion {
  readonly subject: string;
}

/** Those that are not soft-deleted, or all, as the request says with `deleted`. */
export function liveOrDeleted(
  versions: readonly SubjectVersion[],
  query: URLSearchParams,
): readonly SubjectVersion[] {
  return query.get('deleted') === 'true' ? versions : versions.filter(({ deleted }) => !deleted);
}

/** What is wrong with a subject without versions: 40401. */
export async function requireSubject(registry: StoredRegistry, subject: string): Promise<ApiError> {
  const deleted = (await registry.allVersions(subject)).length > 0;
  return deleted
    ? new ApiError(404, 40_401, `Subject '${subject}' was soft deleted`)
    : new ApiError(404, 40_401, `Subject '${subject}' not found.`);
}

/**
 * The version that a path names by its number, or as `latest` or -1.
 * @throws {ApiError} 40401, 40402, 42202
 */
export async function requireVersion(
  registry: StoredRegistry,
  at: { readonly subject: string; readonly version: string; readonly query: URLSearchParams },
): Promise<SubjectRow> {
  const { subject, version } = at;
  const latest = version === 'latest' || version === '-1';
  if (!latest && !/^[1-9]\d{0,9}$/.test(version)) {
    throw new ApiError(
      422,
      42_202,
      `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    );
  }
  const versions = liveOrDeleted(await registry.allVersions(subject), at.query);
  if (versions.length === 0) throw await requireSubject(registry, subject);
  const found = latest
    ? versions.at(-1)
    : versions.find((present) => present.version === Number(version));
  if (found === undefined) throw new ApiError(404, 40_402, `Version ${version} not found.`);
  return { ...found, subject };
}

/** The number of a version that a path names. */
export async function versionNumber(
  registry: StoredRegistry,
  subject: string,
  version: string,
): Promise<{ readonly version: number }> {
  const query = new URLSearchParams();
  return { version: (await requireVersion(registry, { subject, version, query })).version };
}

/** Live versions whose schemas name a version of a subject, by subject, then version. */
export async function referencing(
  registry: StoredRegistry,
  subject: string,
  version: number,
): Promise<readonly { readonly subject: string; readonly id: number }[]> {
  const found = [];
  for (const other of await registry.subjects()) {
    for (const [, id] of await registry.versions(other)) {
      const { references = [] } = (await registry.registered(id)) ?? {};
      if (!references.some((at) => at.subject === subject && at.version === version)) continue;
      found.push({ subject: other, id });
    }
  }
  return found;
}
