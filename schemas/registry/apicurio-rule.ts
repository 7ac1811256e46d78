import type { RegistryAnswer, RegistryRequest } from './confluent-client.ts';

/**
 * Asks Apicurio's own API whether a subject has a mode of its own: its Confluent-compatible one says NONE of a subject that has none, and judges by the mode
 * of all subjects. Undefined where `url` is not that API of Apicurio's.
 */
export function apicurioRuleRequest(url: string, subject: string): RegistryRequest | undefined {
  if (!/\/apis\/ccompat\/v\d+$/.test(url)) return undefined;
  return {
    method: 'GET',
    path: `/../../registry/v2/groups/default/artifacts/${encodeURIComponent(subject)}/rules/COMPATIBILITY`,
    headers: {},
    body: undefined,
  };
}

/** True where the answer says that there is no such rule; anything else, also of a gateway that lets nobody there, says nothing. */
export function saysNoRule({ status, body }: RegistryAnswer): boolean {
  const { name } = (body ?? {}) as { readonly name?: unknown };
  return status === 404 && name === 'RuleNotFoundException';
}
