import type { AvroType } from '../../topology/core/avro.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { fromPlain, toPlain } from '../plain-json.ts';

/**
 * A key of a URL or a command line: of type string and enum the text itself, of other types JSON as in {@link toPlain}.
 * @throws {ConfigError} QUERY_KEY when it is no JSON
 */
export function keyOfText(text: string, { kind }: AvroType): unknown {
  if (isText(kind)) return text;
  try {
    return fromPlain(JSON.parse(text));
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(
      'QUERY_KEY',
      `"${text}" is no key of type ${kind}: write it as JSON (${message})`,
    );
  }
}

/** What {@link keyOfText} reads. */
export function textOfKey(key: unknown, { kind }: AvroType): string {
  return isText(kind) ? String(key) : JSON.stringify(toPlain(key));
}

function isText(kind: AvroType['kind']): boolean {
  return kind === 'string' || kind === 'enum';
}
