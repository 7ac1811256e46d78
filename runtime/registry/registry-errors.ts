import { ConfigError, isStreamsError } from '../../topology/core/errors.ts';

/** SCHEMA_REFUSED: the subject's mode does not allow the schema; why, in sentences. */
export function schemaRefused(
  subject: string,
  mode: string | undefined,
  reasons: readonly string[],
): ConfigError {
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  const under = mode === undefined ? '' : ` under ${mode}`;
  return new ConfigError(
    'SCHEMA_REFUSED',
    `the schema cannot be the next version of subject "${subject}"${under}${why}. ` +
      'Change the schema, or the mode of the subject with "millrace schemas set-compatibility"',
  );
}

/** SCHEMA_INVALID: the text is no Avro schema. */
export function schemaInvalid(subject: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(
    'SCHEMA_INVALID',
    `the schema for subject "${subject}" is no Avro schema: ${reason}`,
    { cause },
  );
}

/** More is no name of a subject, in bytes of UTF-8: it is a key of stores. */
const longestSubject = 1000;

/**
 * An empty subject would stand for all of them in most registries: it comes of a variable that is not set.
 * @throws {ConfigError} SUBJECT_NAME where it is empty, has control characters, or is too long
 */
export function requireSubjectName(subject: string): void {
  const bytes = Buffer.byteLength(subject);
  if (bytes > 0 && bytes <= longestSubject && !/\p{Cc}/u.test(subject)) return;
  const start = subject.slice(0, 40);
  const shown = start === subject ? subject : `${start}…`;
  throw new ConfigError(
    'SUBJECT_NAME',
    `${JSON.stringify(shown)} cannot be a subject: a name has 1 to ${longestSubject} bytes and no control characters`,
  );
}

/** SUBJECT_UNKNOWN: the registry has no such subject. */
export function subjectUnknown(subject: string): ConfigError {
  return new ConfigError(
    'SUBJECT_UNKNOWN',
    `the registry has no subject "${subject}": "millrace schemas list" lists them`,
  );
}

/** VERSION_UNKNOWN: the subject has no such version. */
export function versionUnknown(subject: string, version: number | string): ConfigError {
  return new ConfigError(
    'VERSION_UNKNOWN',
    `subject "${subject}" has no version ${version}: "millrace schemas versions ${subject}" lists them`,
  );
}

/** REGISTRY_DENIED or REGISTRY_ANSWER: it answered what cannot be used. `what` was asked of it, as an infinitive. */
export function unexpectedAnswer(
  url: string,
  what: string,
  { status, body }: { readonly status: number; readonly body: unknown },
): ConfigError {
  const { message } = (body ?? {}) as { readonly message?: unknown };
  const said = typeof message === 'string' ? ` (${message})` : '';
  if (status === 401 || status === 403) {
    return new ConfigError(
      'REGISTRY_DENIED',
      `the schema registry at ${url} does not let you ${what}: it answers ${status}${said}. Check registry.auth of the runner file`,
    );
  }
  const hint =
    body === undefined || status === 404 || (status >= 300 && status < 400)
      ? ': is there a registry at this URL, path included?'
      : '';
  return new ConfigError(
    'REGISTRY_ANSWER',
    `the schema registry at ${url} cannot be brought to ${what}: it answers ${status}${said}${hint}`,
  );
}

/**
 * True for an error that asking again does not mend: a schema refers to what is gone, or is no Avro. It is given as it is kept then, for whoever reads with it
 * to fail: a record that bears its id is one that does not decode, and nothing waits for it.
 */
export function isNeverWhole(error: unknown): boolean {
  return (
    error instanceof SyntaxError || (isStreamsError(error) && error.code === 'VERSION_UNKNOWN')
  );
}
