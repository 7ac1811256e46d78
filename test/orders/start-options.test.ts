import { describe, expect, test, vi } from 'vitest';
import {
  behaviourArguments,
  parseProviderArguments,
} from '../../processors/orders/provider/options.ts';
import { parseStartOptions, sampleBaskets } from '../../runtime/orders/start-options.ts';

describe('parseStartOptions', () => {
  test('runs the sample into .millrace/data when nothing is said', () => {
    expect(parseStartOptions([])).toEqual({
      orders: sampleBaskets,
      place: {},
      json: false,
      sync: undefined,
      seed: 1,
      shortShare: 0.03,
      payments: undefined,
      smtp: undefined,
      pickShare: 0.9,
      behaviour: {
        seed: 1,
        latencyMs: 5,
        declineRate: 0.03,
        cutRate: 0,
        outage: undefined,
        answers: 'by-turn',
      },
    });
  });

  test('takes a Kafka cluster, by its brokers and by a runner file', () => {
    const args = ['--log', 'kafka', '--brokers', 'a:9092, b:9092'];
    expect(parseStartOptions(args).place).toEqual({ log: 'kafka', brokers: ['a:9092', 'b:9092'] });
    expect(parseStartOptions(['--log', 'embedded', '--config', 'm.yaml']).place).toEqual({
      log: 'embedded',
      config: 'm.yaml',
    });
  });

  test('takes every option', () => {
    const args = '--orders a.avro --data d --json --sync never --seed 7 --short-share 0';
    const provider = '--latency 1s --decline-rate .5 --cut-rate 1 --outage 30s/2s --answers by-key';
    const url = ['--payments', 'http://localhost:8081/', '--smtp', 'smtp://localhost:25'];
    expect(parseStartOptions([...args.split(' '), ...provider.split(' '), ...url])).toEqual({
      orders: 'a.avro',
      place: { data: 'd' },
      json: true,
      sync: 'never',
      seed: 7,
      shortShare: 0,
      payments: 'http://localhost:8081',
      smtp: 'smtp://localhost:25',
      pickShare: 0.9,
      behaviour: {
        seed: 7,
        latencyMs: 1000,
        declineRate: 0.5,
        cutRate: 1,
        outage: { everyMs: 30_000, forMs: 2000 },
        answers: 'by-key',
      },
    });
  });

  test.each([
    [['--sync', 'sometimes'], 'Allowed choices are commit, interval, never'],
    [['--short-share', '2'], 'give a share from 0 to 1'],
    [['--payments', 'localhost'], 'give an http URL, like http://127.0.0.1:8081'],
    [['--smtp', 'http://localhost'], 'give an smtp URL, like smtp://127.0.0.1:2525'],
    [['--log', 'paper'], 'Allowed choices are embedded, kafka'],
    [['--log', 'kafka', '--brokers', 'a'], "argument 'a' is invalid. give host:port,host:port,…"],
    [['--data', ''], "option '--data <dir>' argument '' is invalid. name a folder"],
    [['--seed', '-1'], 'give a whole number, 0 or more'],
    [['--latency', 'fast'], 'give a duration like 250ms, 5s or 1m'],
    [['--frobnicate'], "unknown option '--frobnicate'"],
  ])('refuses %j', (args, message) => {
    const written: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      expect(() => parseStartOptions(args)).toThrow();
      expect(written.join('')).toContain(message);
    } finally {
      write.mockRestore();
    }
  });
});

describe('behaviourArguments', () => {
  test('gives a command line that the provider reads as the same settings', () => {
    const settings = {
      seed: 3,
      latencyMs: 20,
      declineRate: 0.25,
      cutRate: 0.1,
      outage: { everyMs: 10_000, forMs: 500 },
      answers: 'by-key',
    } as const;
    expect(parseProviderArguments(['--ledger', 'l', ...behaviourArguments(settings)])).toEqual({
      ...settings,
      port: 0,
      host: '127.0.0.1',
      ledger: 'l',
      idleExitMs: undefined,
    });
  });
});
