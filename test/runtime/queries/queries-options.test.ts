import { describe, expect, test } from 'vitest';
import { compileQueriesOptions } from '../../../runtime/queries/queries-options.ts';

describe('options of queries', () => {
  test('are a free port of this machine alone, where nothing is said', () => {
    expect(compileQueriesOptions({})).toEqual({
      host: '127.0.0.1',
      port: 0,
      advertised: undefined,
      token: undefined,
      timeoutMs: 5000,
    });
  });

  test('are open to others with a token and an address', () => {
    const options = { host: '0.0.0.0', token: 'x', advertised: 'http://one:7100/' };
    expect(compileQueriesOptions(options).advertised).toBe('http://one:7100');
    expect(compileQueriesOptions({ host: '10.0.0.7', token: 'x' }).host).toBe('10.0.0.7');
  });

  test.each([
    [
      { host: '10.0.0.7' },
      'queries.host is 10.0.0.7, which others can reach: set queries.token, or take a loopback address',
    ],
    [
      { host: '0.0.0.0', token: 'x' },
      'queries.host is 0.0.0.0: say in queries.advertised where members reach this one',
    ],
    [{ port: 65_536 }, 'queries.port is 65536; it must be a whole number from 0 to 65535'],
    [{ token: '' }, 'queries.token must be printable ASCII without spaces, and not empty'],
    [{ token: 'a b' }, 'queries.token must be printable ASCII without spaces, and not empty'],
    [
      { advertised: 'one:7100' },
      'queries.advertised is "one:7100"; write http://host:port (or https, of a proxy before it)',
    ],
    [
      { advertised: 'http://one/x' },
      'queries.advertised is "http://one/x"; write http://host:port (or https, of a proxy before it)',
    ],
  ])('refuse %o', (options, message) => {
    expect(() => compileQueriesOptions(options)).toThrow(message);
  });
});
