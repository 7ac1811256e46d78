import { describe, expect, test } from 'vitest';
import {
  brokerRequired,
  chooseBroker,
  chooseCluster,
  chooseJava,
  chooseRegistry,
  type Machine,
} from './choose-broker.ts';
import { javaVersion } from './machine.ts';

const everything: Machine = { docker: true, java: 21, jdk: true, jars: true };
const nothing: Machine = { docker: false, java: undefined, jdk: false, jars: false };
const machine = (parts: Partial<Machine>) => (): Machine => ({ ...nothing, ...parts });
const unasked = (): Machine => {
  throw new Error('the machine was looked at');
};

describe('chooseBroker', () => {
  test('takes the brokers that are given, and does not look at the machine', () => {
    expect(chooseBroker({ KAFKA_BROKERS: 'a:9092, b:9093' }, unasked)).toEqual({
      kind: 'external',
      brokers: ['a:9092', 'b:9093'],
    });
  });

  test('refuses a list of brokers that is none', () => {
    expect(() => chooseBroker({ KAFKA_BROKERS: 'a:9092,b' }, unasked)).toThrow(
      'KAFKA_BROKERS: "b" is not host:port',
    );
  });

  test.each([{}, { KAFKA_BROKERS: '' }])('takes a container before Java with %o', (env) => {
    expect(chooseBroker(env, () => everything)).toEqual({ kind: 'container' });
  });

  test('takes Java where no container runtime answers', () => {
    expect(chooseBroker({}, machine({ java: 17, jdk: true, jars: true }))).toEqual({
      kind: 'java',
    });
  });

  test.each<[string, Partial<Machine>]>([
    ['there is no Java', {}],
    ['Java 16 is older than 17', { java: 16, jdk: true, jars: true }],
    ['there is no JDK (javac, keytool)', { java: 17, jars: true }],
    ["there is no Maven (mvn) to fetch Kafka's jars with", { java: 17, jdk: true }],
  ])('says that %s', (lacking, parts) => {
    expect(chooseBroker({}, machine(parts))).toEqual({
      kind: 'none',
      reason: `no broker: KAFKA_BROKERS is not set, no container runtime answers, and ${lacking}`,
    });
  });
});

describe('chooseCluster', () => {
  test('takes Java, also where a container runtime answers', () => {
    expect(chooseCluster({}, () => everything)).toEqual({ kind: 'java' });
  });

  test('breaks nothing beside brokers that were given', () => {
    expect(chooseCluster({ KAFKA_BROKERS: 'a:1' }, () => everything)).toEqual({
      kind: 'none',
      reason: 'no broker: the test needs a cluster that it may break, and KAFKA_BROKERS is set',
    });
  });

  test('says what Java lacks', () => {
    expect(chooseCluster({}, machine({ docker: true }))).toEqual({
      kind: 'none',
      reason: 'no broker: the test needs a cluster of its own, and there is no Java',
    });
  });
});

describe('chooseJava', () => {
  test('says what Java lacks', () => {
    expect(chooseJava(machine({ java: 8 }))).toEqual({
      kind: 'none',
      reason: "no broker: the test needs Kafka's Java tools, and Java 8 is older than 17",
    });
  });

  test('takes Java where it is complete', () => {
    expect(chooseJava(() => everything)).toEqual({ kind: 'java' });
  });
});

describe('chooseRegistry', () => {
  test('takes the one that is given, and does not look at the machine', () => {
    expect(chooseRegistry({ SCHEMA_REGISTRY_URL: 'http://a:8081/' }, unasked)).toEqual({
      kind: 'external',
      url: 'http://a:8081',
    });
  });

  test('takes a container before Java, and Java before nothing', () => {
    expect(chooseRegistry({}, () => everything)).toEqual({ kind: 'container' });
    expect(chooseRegistry({}, () => ({ ...everything, docker: false }))).toEqual({ kind: 'java' });
    expect(chooseRegistry({}, () => nothing)).toEqual({
      kind: 'none',
      reason:
        'no broker: SCHEMA_REGISTRY_URL is not set, no container runtime answers, ' +
        'and there is no Java',
    });
  });
});

describe('brokerRequired', () => {
  test.each([
    [{}, false],
    [{ MILLRACE_REQUIRE_BROKER: '' }, false],
    [{ MILLRACE_REQUIRE_BROKER: '0' }, false],
    [{ MILLRACE_REQUIRE_BROKER: '1' }, true],
  ])('of %o is %s', (env, required) => {
    expect(brokerRequired(env)).toBe(required);
  });
});

describe('javaVersion', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "25" 2025-09-16', 25],
    ['command not found', undefined],
    [undefined, undefined],
  ])('of %s is %s', (text, version) => {
    expect(javaVersion(text)).toBe(version);
  });
});
