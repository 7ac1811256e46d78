import { ApiError } from './api-error.ts';
import { referencing, requireSubject, requireVersion } from './registry-lookups.ts';
import type { StoredRegistry } from './stored-registry.ts';

/**
 * Soft-deletes a subject, or with `permanent=true` takes one away that is soft-deleted.
 * @throws {ApiError} 40401, 40404, 40405, 42206
 */
export async function deleteSubject(
  registry: StoredRegistry,
  [subject = '']: readonly string[],
  query: URLSearchParams,
): Promise<readonly number[]> {
  const versions = await registry.allVersions(subject);
  const live = versions.filter(({ deleted }) => !deleted);
  if (versions.length === 0) throw await requireSubject(registry, subject);
  if (query.get('permanent') === 'true') {
    if (live.length > 0) {
      throw new ApiError(
        404,
        40_405,
        `Subject '${subject}' was not deleted first before being permanently deleted`,
      );
    }
    return registry.purge(subject);
  }
  if (live.length === 0) {
    throw new ApiError(
      404,
      40_404,
      `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`,
    );
  }
  for (const { version } of live) await refuseReferenced(registry, subject, version);
  return registry.softDelete(subject);
}

/**
 * Soft-deletes a version, or with `permanent=true` takes one away that is soft-deleted.
 * @throws {ApiError} 40401, 40402, 40406, 40407, 42206
 */
export async function deleteVersion(
  registry: StoredRegistry,
  [subject = '', version = '']: readonly string[],
  query: URLSearchParams,
): Promise<number> {
  const permanent = query.get('permanent') === 'true';
  const deleted = new URLSearchParams({ deleted: 'true' });
  const latest = version === 'latest' || version === '-1';
  const found = await requireVersion(registry, {
    subject,
    version,
    query: latest && !permanent ? new URLSearchParams() : deleted,
  });
  if (permanent) {
    if (!found.deleted) {
      throw new ApiError(
        404,
        40_407,
        `Subject '${subject}' Version ${found.version} was not deleted first before being permanently deleted`,
      );
    }
    await registry.purge(subject, found.version);
    return found.version;
  }
  if (found.deleted) {
    throw new ApiError(
      404,
      40_406,
      `Subject '${subject}' Version ${found.version} was soft deleted. Set permanent=true to delete permanently`,
    );
  }
  await refuseReferenced(registry, subject, found.version);
  await registry.softDelete(subject, found.version);
  return found.version;
}

/** A schema that others name stays. */
async function refuseReferenced(
  registry: StoredRegistry,
  subject: string,
  version: number,
): Promise<void> {
  const [other] = await referencing(registry, subject, version);
  if (other === undefined) return;
  throw new ApiError(
    422,
    42_206,
    `One or more references exist to the schema {subject=${subject},version=${version}}: subject '${other.subject}' has one`,
  );
}
