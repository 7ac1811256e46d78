import type { CompatibilityMode, RegisteredSchema, SubjectVersion } from '../ports.ts';

/** What a registry keeps of a subject. */
export interface SubjectState {
  /** Ascending. */
  readonly versions: readonly SubjectVersion[];
  /** Absent: the one of all subjects counts. */
  readonly mode?: CompatibilityMode;
}

/** A change of a subject that is no new version. */
export type SubjectChange =
  | { readonly kind: 'mode'; readonly mode: CompatibilityMode | undefined }
  | { readonly kind: 'delete'; readonly versions: readonly number[] }
  | { readonly kind: 'purge'; readonly versions: readonly number[] };

/** A subject that nobody has spoken of. */
export const noSubject: SubjectState = { versions: [] };

/** Number of the last version, deleted or not; 0: there is none. */
export function lastVersion({ versions }: SubjectState): number {
  return versions.at(-1)?.version ?? 0;
}

/** Versions that count: those that are not soft-deleted. */
export function liveVersions({ versions }: SubjectState): readonly SubjectVersion[] {
  return versions.filter(({ deleted }) => !deleted);
}

/** The subject with one more version; as it was where a version that counts has the schema already. */
export function withVersion(state: SubjectState, id: number): SubjectState {
  if (liveVersions(state).some((present) => present.id === id)) return state;
  const added = { version: lastVersion(state) + 1, id, deleted: false };
  return { ...state, versions: [...state.versions, added] };
}

/** The subject after a change. Versions that it does not have change nothing; only what is soft-deleted is purged. */
export function changed(state: SubjectState, change: SubjectChange): SubjectState {
  const { versions } = state;
  switch (change.kind) {
    case 'mode':
      return { versions, ...(change.mode === undefined ? {} : { mode: change.mode }) };
    case 'delete':
      return {
        ...state,
        versions: versions.map((present) =>
          change.versions.includes(present.version) ? { ...present, deleted: true } : present,
        ),
      };
    case 'purge':
      return {
        ...state,
        versions: versions.filter(
          ({ version, deleted }) => !deleted || !change.versions.includes(version),
        ),
      };
  }
}

/** Text that says which schema it is: equal for equal schemas with equal references, and the schema itself where there are none. */
export function schemaIdentity({ schema, references }: RegisteredSchema): string {
  return references.length === 0 ? schema : JSON.stringify([schema, references]);
}
