import { requireSchema, sameSchema } from '../../schemas/index.ts';
import { inlineReferences } from '../../schemas/registry/inline-references.ts';
import type {
  CheckOptions,
  CompatibilityMode,
  ManagedRegistry,
  RegisteredSchema,
  RegisterOptions,
  SchemaReference,
  SubjectVersion,
} from '../ports.ts';
import { compatibilityProblems } from './compatibility-check.ts';
import {
  isNeverWhole,
  requireSubjectName,
  schemaInvalid,
  schemaRefused,
  subjectUnknown,
  versionUnknown,
} from './registry-errors.ts';
import {
  lastVersion,
  liveVersions,
  type SubjectChange,
  type SubjectState,
} from './subject-state.ts';

/** The mode of a registry whose mode nobody has set, as of Confluent's. */
const defaultMode: CompatibilityMode = 'BACKWARD';

/** Under this name stands what counts for all subjects; no subject can have it. */
const everySubject = '';

type Setting = { readonly mode: CompatibilityMode; readonly own: boolean };

/**
 * A registry that keeps its schemas itself, with the semantics of Confluent's: a schema has one id in all subjects, a subject has versions, and what may be the
 * next one its compatibility mode says. Where they are kept is the subclass's: in memory, in the embedded log, in a topic.
 */
export abstract class StoredRegistry implements ManagedRegistry {
  /** Id of a schema that was registered, with exactly these references; undefined: it was not. */
  protected abstract find(schema: RegisteredSchema): Promise<number | undefined>;

  /**
   * Makes a schema the next version of a subject. Where `last` is given and is not the number of its last version any more, nothing is changed, and undefined
   * returned.
   */
  protected abstract add(
    subject: string,
    schema: RegisteredSchema,
    last: number | undefined,
  ): Promise<number | undefined>;

  protected abstract change(subject: string, change: SubjectChange): Promise<void>;

  /** What is kept of a subject; {@link noSubject} for one that is not known. */
  protected abstract subject(name: string): Promise<SubjectState>;

  /** Names under which anything is kept, in any order. */
  protected abstract names(): Promise<readonly string[]>;

  abstract registered(id: number): Promise<RegisteredSchema | undefined>;

  /** Id of a schema under any subject, with exactly these references; undefined: nobody registered it. */
  async idOf(schema: RegisteredSchema): Promise<number | undefined> {
    // Reads what other processes have written.
    await this.names();
    return this.find(schema);
  }

  async register(subject: string, schema: string, options: RegisterOptions = {}): Promise<number> {
    requireSubjectName(subject);
    const { references = [], unchecked = false } = options;
    const written = { schema, references };
    for (;;) {
      const state = await this.subject(subject);
      const known = await this.find(written);
      if (known !== undefined && liveVersions(state).some(({ id }) => id === known)) return known;
      const same = await this.sameAs(liveVersions(state), written);
      if (same !== undefined) return same.id;
      if (!unchecked) await this.refuse(subject, state, await this.checkedText(subject, written));
      const id = await this.add(subject, written, unchecked ? undefined : lastVersion(state));
      // Undefined: somebody else registered meanwhile, and the next version is to be compared with theirs.
      if (id !== undefined) return id;
    }
  }

  /** The last of some versions that is this schema, with exactly these references, however it is spelled. */
  async sameAs(
    versions: readonly SubjectVersion[],
    written: RegisteredSchema,
  ): Promise<SubjectVersion | undefined> {
    const references = JSON.stringify(written.references);
    const whole = await this.wholeOrAlone(written);
    for (const version of versions.toReversed()) {
      const found = (await this.registered(version.id)) as RegisteredSchema;
      if (JSON.stringify(found.references) !== references) continue;
      if (sameSchema(await this.wholeOrAlone(found), whole)) return version;
    }
    return undefined;
  }

  async schema(id: number): Promise<string | undefined> {
    const found = await this.registered(id);
    return found === undefined ? undefined : this.wholeOrAlone(found);
  }

  async versions(subject: string): Promise<readonly (readonly [version: number, id: number])[]> {
    return liveVersions(await this.subject(subject)).map(({ version, id }) => [version, id]);
  }

  async subjects(): Promise<readonly string[]> {
    const live: string[] = [];
    for (const name of await this.names()) {
      if (liveVersions(await this.subject(name)).length > 0) live.push(name);
    }
    return live.sort();
  }

  async allVersions(subject: string): Promise<readonly SubjectVersion[]> {
    return (await this.subject(subject)).versions;
  }

  /** Subjects that have or had versions: those whose versions are all soft-deleted included, sorted. */
  async allSubjects(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const name of await this.names()) {
      if ((await this.subject(name)).versions.length > 0) found.push(name);
    }
    return found.sort();
  }

  async compatibility(subject?: string): Promise<Setting> {
    const own = subject === undefined ? undefined : (await this.subject(subject)).mode;
    if (own !== undefined) return { mode: own, own: true };
    return { mode: (await this.subject(everySubject)).mode ?? defaultMode, own: false };
  }

  /** `undefined` takes the mode away: that of all subjects counts, or {@link defaultMode}. */
  async setCompatibility(mode: CompatibilityMode | undefined, subject?: string): Promise<void> {
    if (subject !== undefined) requireSubjectName(subject);
    await this.change(subject ?? everySubject, { kind: 'mode', mode });
  }

  async incompatibilities(
    subject: string,
    schema: string,
    options: CheckOptions = {},
  ): Promise<readonly string[]> {
    const { references = [], version } = options;
    const whole = await this.checkedText(subject, { schema, references });
    const state = await this.subject(subject);
    if (version === undefined) return this.problems(subject, state, whole);
    const versions = liveVersions(state).filter((present) => present.version === version);
    if (versions.length === 0) throw versionUnknown(subject, version);
    return this.problems(subject, { versions }, whole);
  }

  async softDelete(subject: string, version?: number): Promise<readonly number[]> {
    const state = await this.subject(subject);
    const live = liveVersions(state).map((present) => present.version);
    if (live.length === 0) throw subjectUnknown(subject);
    if (version !== undefined && !live.includes(version)) throw versionUnknown(subject, version);
    const versions = version === undefined ? live : [version];
    await this.change(subject, { kind: 'delete', versions });
    return versions;
  }

  /** Takes versions away for good that are soft-deleted, or all such. Those that are gone. */
  async purge(subject: string, version?: number): Promise<readonly number[]> {
    const { versions } = await this.subject(subject);
    const gone = versions
      .filter((present) => present.deleted && (version ?? present.version) === present.version)
      .map((present) => present.version);
    await this.change(subject, { kind: 'purge', versions: gone });
    return gone;
  }

  private async refuse(subject: string, state: SubjectState, whole: string): Promise<void> {
    const problems = await this.problems(subject, state, whole);
    if (problems.length === 0) return;
    throw schemaRefused(subject, (await this.compatibility(subject)).mode, problems);
  }

  private async problems(
    subject: string,
    state: SubjectState,
    whole: string,
  ): Promise<readonly string[]> {
    const { mode } = await this.compatibility(subject);
    const older = [];
    for (const { version, id } of liveVersions(state)) {
      older.push({ version, schema: (await this.schema(id)) as string });
    }
    return compatibilityProblems(whole, older, mode);
  }

  /** The whole schema, if it is one. */
  private async checkedText(subject: string, written: RegisteredSchema): Promise<string> {
    try {
      const whole = await this.whole(written);
      requireSchema(whole);
      return whole;
    } catch (error) {
      throw schemaInvalid(subject, (error as Error).message, error);
    }
  }

  private async wholeOrAlone(found: RegisteredSchema): Promise<string> {
    try {
      return await this.whole(found);
    } catch (error) {
      if (!isNeverWhole(error)) throw error;
      return found.schema;
    }
  }

  private async whole({ schema, references }: RegisteredSchema): Promise<string> {
    return inlineReferences(schema, await this.referenced(references, new Set()));
  }

  private async referenced(
    references: readonly SchemaReference[],
    seen: Set<string>,
  ): Promise<string[]> {
    const texts: string[] = [];
    for (const { subject, version } of references) {
      const place = JSON.stringify([subject, version]);
      if (seen.has(place)) continue;
      seen.add(place);
      const { versions } = await this.subject(subject);
      const found = versions.find((present) => present.version === version);
      if (found === undefined) throw versionUnknown(subject, version);
      const { schema, references: further } = (await this.registered(found.id)) as RegisteredSchema;
      texts.push(schema, ...(await this.referenced(further, seen)));
    }
    return texts;
  }
}
