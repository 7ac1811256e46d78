import type { JsonSchema } from './field.ts';
import { application } from './nodes/application.ts';

/**
 * JSON Schema (draft-07, which editors know best) of a topology file, strict at every level. From
 * the same tables as the parser.
 *
 * **Gotchas** It sees YAML's values, not their spelling: what hangs on quotes and positions (E015,
 * E016) only the parser tells.
 */
export function topologyJsonSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Millrace topology',
    ...application.schema,
  };
}
