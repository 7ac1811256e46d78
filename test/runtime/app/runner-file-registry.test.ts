import { describe, expect, test } from 'vitest';
import {
  registryChoiceOf,
  type RegistryFileSettings,
} from '../../../runtime/app/runner-file-registry.ts';

const url = 'https://registry:8081';

function refusal(settings: RegistryFileSettings): string {
  try {
    registryChoiceOf(settings, '/etc');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('registryChoiceOf', () => {
  test('takes the own registry, served or not', () => {
    expect(registryChoiceOf({}, '/')).toEqual({});
    expect(registryChoiceOf({ serve: false }, '/')).toEqual({});
    expect(registryChoiceOf({ serve: true }, '/')).toEqual({ serve: {} });
    expect(registryChoiceOf({ serve: { port: 9000 } }, '/')).toEqual({ serve: { port: 9000 } });
  });

  test('takes a URL with a user or a bearer', () => {
    expect(registryChoiceOf({ url, auth: { username: 'key', password: 's' } }, '/')).toEqual({
      url: { url, auth: { username: 'key', password: 's' } },
    });
    expect(registryChoiceOf({ url, auth: { bearer: 't' }, timeout: '3s' }, '/')).toEqual({
      url: { url, auth: { bearer: 't' }, timeout: '3s' },
    });
  });

  test.each<readonly [string, RegistryFileSettings, string]>([
    [
      'settings of a URL without one',
      { patience: '5s' },
      'registry.patience is of a registry with a URL: add registry.url',
    ],
    [
      'a URL and serving',
      { url, serve: true },
      'registry.serve is of the own registry, and registry.url names another one: take one of the two',
    ],
    [
      'half a user',
      { url, auth: { username: 'key' } },
      'registry.auth has either "username" and "password", or "bearer"',
    ],
    [
      'a user and a bearer',
      { url, auth: { username: 'key', password: 's', bearer: 't' } },
      'registry.auth has either "username" and "password", or "bearer"',
    ],
    [
      'a certificate that is not there',
      { url, tls: { ca: 'no.pem' } },
      'cannot read /etc/no.pem, which the runner file names as registry.tls.ca: there is no such file',
    ],
  ])('refuses %s', (_, settings, message) => {
    expect(refusal(settings)).toBe(message);
  });
});
