import { ConfigError } from '../../topology/core/errors.ts';

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
