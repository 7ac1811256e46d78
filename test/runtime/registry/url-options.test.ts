import { expect, test } from 'vitest';
import { compileRegistryOptions } from '../../../runtime/registry/url-options.ts';

test('options whose url is missing, or one level too high, are refused with what to write', () => {
  // As of a program in JavaScript: { registry: { url: 'http://…' } }.
  const given = 'http://localhost:8081' as unknown as { readonly url: string };
  expect(() => compileRegistryOptions(given)).toThrow(
    'registry.url has no url in it: write registry: { url: { url: "http://host:port" } }',
  );
});
