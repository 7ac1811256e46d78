import type { RegistryAnswer, RegistryRequest } from './confluent-client.ts';

/** Requests to Apicurio's own API about the mode of a subject, which is a rule there. */
export interface ApicurioRule {
  /** Gives the rule. */
  readonly find: RegistryRequest;
  /** Makes it NONE where there is none. */
  readonly addNone: RegistryRequest;
}

/**
 * Apicurio's Confluent-compatible API takes the rule of a subject away where it is told NONE, so that the mode of all subjects counts; and says NONE of a
 * subject without a rule. Its own API tells the two apart. Undefined where `url` is not that API of Apicurio's.
 */
export function apicurioRule(url: string, subject: string): ApicurioRule | undefined {
  if (!/\/apis\/ccompat\/v\d+$/.test(url)) return undefined;
  const rules = `/../../registry/v2/groups/default/artifacts/${encodeURIComponent(subject)}/rules`;
  const json = { 'content-type': 'application/json' };
  const none = JSON.stringify({ type: 'COMPATIBILITY', config: 'NONE' });
  return {
    find: { method: 'GET', path: `${rules}/COMPATIBILITY`, headers: {}, body: undefined },
    addNone: { method: 'POST', path: rules, headers: json, body: none },
  };
}

/** True where the answer says that there is no such rule; anything else, also of a gateway that lets nobody there, says nothing. */
export function saysNoRule({ status, body }: RegistryAnswer): boolean {
  const { name } = (body ?? {}) as { readonly name?: unknown };
  return status === 404 && name === 'RuleNotFoundException';
}
