import { apicurioRule, saysNoRule } from '../../schemas/registry/apicurio-rule.ts';
import {
  confluentClient,
  type ConfluentClient,
  type RegistryAnswer,
  type SchemaBody,
  type SendToRegistry,
} from '../../schemas/registry/confluent-client.ts';
import { inlineReferences } from '../../schemas/registry/inline-references.ts';
import type { Clock } from '../../topology/core/clock.ts';
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
import { httpTransport } from './http-transport.ts';
import { isMode } from './modes.ts';
import { patientSend } from './patient-send.ts';
import {
  isNeverWhole,
  requireSubjectName,
  schemaInvalid,
  schemaRefused,
  subjectUnknown,
  unexpectedAnswer,
  versionUnknown,
} from './registry-errors.ts';
import type { CompiledRegistryOptions } from './url-options.ts';

export interface UrlRegistryParts {
  readonly clock: Clock;
  /** Gives [0, 1): the jitter of waits. */
  readonly random: () => number;
  /** Told when it is waited for. @defaultValue nobody is */
  readonly report?: ((message: string) => void) | undefined;
}

/** Error code of an answer: Confluent's, or undefined where the body is none of its. */
function codeOf({ body }: RegistryAnswer): number | undefined {
  const code = (body as { readonly error_code?: unknown } | null | undefined)?.error_code;
  return typeof code === 'number' ? code : undefined;
}

function isMissing(answer: RegistryAnswer, ...codes: readonly number[]): boolean {
  return answer.status === 404 && codes.includes(codeOf(answer) ?? -1);
}

/** A version as the API gives it. */
interface VersionBody {
  readonly id: number;
  readonly version: number;
  readonly schema: string;
  readonly references?: readonly SchemaReference[];
}

/**
 * A registry by its URL, with the API of Confluent's. What it once said of an id or a version is not asked for again: neither changes. Calls throw
 * {@link StorageError} REGISTRY_UNAVAILABLE when it cannot be reached in time, and {@link ConfigError} REGISTRY_DENIED, REGISTRY_ANSWER.
 */
export class UrlRegistry implements ManagedRegistry {
  readonly url: string;
  private readonly send: SendToRegistry;
  private readonly client: ConfluentClient;
  private readonly transport: { close(): void };
  private readonly abort = new AbortController();
  private readonly schemas = new Map<number, Promise<RegisteredSchema | undefined>>();
  private readonly wholes = new Map<number, string>();
  /** Subject and version, as JSON → what it is. */
  private readonly known = new Map<string, VersionBody>();

  constructor(options: CompiledRegistryOptions, { clock, random, report }: UrlRegistryParts) {
    const transport = httpTransport(options, clock);
    const { url, patienceMs } = options;
    const { signal } = this.abort;
    const { send } = transport;
    this.url = url;
    this.transport = transport;
    this.send = patientSend({ send, url, clock, random, patienceMs, signal, report });
    this.client = confluentClient(this.send);
  }

  async register(subject: string, schema: string, options: RegisterOptions = {}): Promise<number> {
    requireSubjectName(subject);
    const { references = [], unchecked = false } = options;
    const body = bodyOf({ schema, references });
    let answer = await this.client.register(subject, body);
    if (unchecked && answer.status === 409) {
      await this.setCompatibility('NONE', subject);
      answer = await this.client.register(subject, body);
    }
    if (answer.status === 409) {
      const { mode } = await this.compatibility(subject);
      throw schemaRefused(subject, mode, await this.reasons(subject, { schema, references }, mode));
    }
    this.refuseInvalid(subject, answer);
    return (this.body(answer, `register ${subject}`) as { readonly id: number }).id;
  }

  async schema(id: number): Promise<string | undefined> {
    const known = this.wholes.get(id);
    if (known !== undefined) return known;
    const found = await this.registered(id);
    if (found === undefined) return undefined;
    const { schema, references } = found;
    try {
      const whole = inlineReferences(schema, await this.referenced(references, new Set()));
      this.wholes.set(id, whole);
      return whole;
    } catch (error) {
      if (!isNeverWhole(error)) throw error;
      return schema;
    }
  }

  registered(id: number): Promise<RegisteredSchema | undefined> {
    const known = this.schemas.get(id);
    if (known !== undefined) return known;
    const asked = this.ask(id);
    this.schemas.set(id, asked);
    const forget = (): boolean => this.schemas.delete(id);
    // Neither a failure nor an id that is not registered yet stays so.
    asked.then((found) => found ?? forget(), forget);
    return asked;
  }

  async versions(subject: string): Promise<readonly (readonly [version: number, id: number])[]> {
    const numbers = await this.numbers(subject, false);
    return Promise.all(
      numbers.map(async (version) => [version, (await this.at(subject, version)).id] as const),
    );
  }

  async subjects(): Promise<readonly string[]> {
    const names = this.body(await this.client.subjects(), 'list subjects') as readonly string[];
    return [...names].sort();
  }

  async allVersions(subject: string): Promise<readonly SubjectVersion[]> {
    const all = await this.numbers(subject, true);
    const live = new Set(all.length === 0 ? [] : await this.numbers(subject, false));
    const found = await Promise.all(
      all.map(async (version): Promise<SubjectVersion | undefined> => {
        const it = await this.find(subject, version);
        return it === undefined ? undefined : { version, id: it.id, deleted: !live.has(version) };
      }),
    );
    // Of a subject without live versions Apicurio's lists the numbers, and gives none of them.
    return found.filter((it) => it !== undefined);
  }

  async compatibility(subject?: string): Promise<{ mode: CompatibilityMode; own: boolean }> {
    if (subject !== undefined) {
      const answer = await this.client.config(subject);
      if (answer.status !== 404) {
        const mode = this.mode(answer);
        if (mode !== 'NONE' || !(await this.inherits(subject))) return { mode, own: true };
      }
    }
    return { mode: this.mode(await this.client.config()), own: false };
  }

  async setCompatibility(mode: CompatibilityMode, subject?: string): Promise<void> {
    if (subject !== undefined) requireSubjectName(subject);
    const what = `set the mode ${mode}`;
    this.body(await this.client.setConfig(mode, subject), what);
    if (mode !== 'NONE' || subject === undefined || !(await this.inherits(subject))) return;
    const rule = apicurioRule(this.url, subject);
    if (rule === undefined || (await this.compatibility()).mode === 'NONE') return;
    const answer = await this.send(rule.addNone);
    // Somebody else, or an attempt whose answer was lost, may have added it: 409.
    if (answer.status !== 204 && answer.status !== 409) {
      throw unexpectedAnswer(this.url, `${what} of ${subject}`, answer);
    }
  }

  async incompatibilities(
    subject: string,
    schema: string,
    { references = [], version }: CheckOptions = {},
  ): Promise<readonly string[]> {
    const body = bodyOf({ schema, references });
    // Registries differ in what they do where no version is named.
    const against = version ?? (await this.compared(subject));
    const answer = await this.client.compatible(subject, body, against);
    if (isMissing(answer, 40_402) && version !== undefined) throw versionUnknown(subject, version);
    // Nothing to be compared with.
    if (isMissing(answer, 40_401, 40_402)) return [];
    this.refuseInvalid(subject, answer);
    const verdict = this.body(answer, `check a schema of ${subject}`) as {
      readonly is_compatible: boolean;
      readonly messages?: readonly string[];
      readonly reason?: string;
    };
    if (verdict.is_compatible) return [];
    const { messages = [], reason = 'the registry says that it is incompatible' } = verdict;
    return messages.length === 0 ? [reason] : messages;
  }

  async softDelete(subject: string, version?: number): Promise<readonly number[]> {
    const live = await this.numbers(subject, false);
    if (live.length === 0) throw subjectUnknown(subject);
    if (version !== undefined && !live.includes(version)) throw versionUnknown(subject, version);
    const answer = await this.client.softDelete(subject, version);
    // An attempt whose answer was lost has deleted it.
    if (!isMissing(answer, 40_401, 40_404, 40_406)) this.body(answer, `delete ${subject}`);
    return version === undefined ? live : [version];
  }

  /** Ends what is under way. */
  close(): void {
    this.abort.abort();
    this.transport.close();
  }

  private async ask(id: number): Promise<RegisteredSchema | undefined> {
    const answer = await this.client.schema(id);
    if (isMissing(answer, 40_403)) return undefined;
    const { schema, references = [] } = this.body(answer, `give schema ${id}`) as SchemaBody;
    return { schema, references };
  }

  private async numbers(subject: string, deleted: boolean): Promise<readonly number[]> {
    const answer = await this.client.versions(subject, deleted);
    if (isMissing(answer, 40_401)) return [];
    const numbers = this.body(answer, `list versions of ${subject}`) as readonly number[];
    return [...numbers].sort((a, b) => a - b);
  }

  private async at(subject: string, version: number): Promise<VersionBody> {
    const found = await this.find(subject, version);
    if (found === undefined) throw versionUnknown(subject, version);
    return found;
  }

  private async find(subject: string, version: number): Promise<VersionBody | undefined> {
    const place = JSON.stringify([subject, version]);
    const known = this.known.get(place);
    if (known !== undefined) return known;
    const answer = await this.client.version(subject, version, true);
    if (isMissing(answer, 40_401, 40_402)) return undefined;
    const found = this.body(answer, `give version ${version} of ${subject}`) as VersionBody;
    this.known.set(place, found);
    const { id, schema, references = [] } = found;
    if (!this.schemas.has(id)) this.schemas.set(id, Promise.resolve({ schema, references }));
    return found;
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
      const { schema, references: further = [] } = await this.at(subject, version);
      texts.push(schema, ...(await this.referenced(further, seen)));
    }
    return texts;
  }

  private async compared(subject: string): Promise<'latest' | 'all'> {
    const { mode } = await this.compatibility(subject);
    return mode.endsWith('_TRANSITIVE') ? 'all' : 'latest';
  }

  /** Why a schema was refused: in our words, or in the registry's where it is stricter. */
  private async reasons(
    subject: string,
    { schema, references }: RegisteredSchema,
    mode: CompatibilityMode,
  ): Promise<readonly string[]> {
    const whole = inlineReferences(schema, await this.referenced(references, new Set()));
    const older = [];
    for (const [version, id] of await this.versions(subject)) {
      older.push({ version, schema: (await this.schema(id)) as string });
    }
    const own = compatibilityProblems(whole, older, mode);
    return own.length > 0 ? own : this.incompatibilities(subject, schema, { references });
  }

  /** True where a subject that is said to have NONE goes by the mode of all subjects. */
  private async inherits(subject: string): Promise<boolean> {
    const rule = apicurioRule(this.url, subject);
    return rule !== undefined && saysNoRule(await this.send(rule.find));
  }

  private mode(answer: RegistryAnswer): CompatibilityMode {
    const body = this.body(answer, 'give its mode') as { readonly compatibilityLevel?: string };
    const mode = body.compatibilityLevel?.toUpperCase();
    if (isMode(mode)) return mode;
    throw unexpectedAnswer(this.url, 'give its mode', answer);
  }

  private refuseInvalid(subject: string, answer: RegistryAnswer): void {
    if (answer.status !== 422) return;
    const { message } = (answer.body ?? {}) as { readonly message?: string };
    throw schemaInvalid(subject, message ?? 'the registry does not say why');
  }

  /** The body of an answer that says yes. */
  private body(answer: RegistryAnswer, what: string): unknown {
    if (answer.status === 200 && answer.body !== undefined) return answer.body;
    throw unexpectedAnswer(this.url, what, answer);
  }
}

function bodyOf({ schema, references }: RegisteredSchema): SchemaBody {
  return references.length === 0 ? { schema } : { schema, references };
}
