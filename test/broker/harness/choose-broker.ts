/** What of this machine decides where brokers come from. */
export interface Machine {
  /** True where a container runtime answers. */
  readonly docker: boolean;
  /** Major version of the Java on the path; undefined where there is none. */
  readonly java: number | undefined;
  /** A Java compiler and `keytool` are there, too: a JDK, not a JRE. */
  readonly jdk: boolean;
  /** Kafka's jars can be had: they are in the cache, or Maven is there. */
  readonly jars: boolean;
}

/** Where the broker comes from that all test files of a run share. */
export type BrokerChoice =
  | { readonly kind: 'external'; readonly brokers: readonly string[] }
  | { readonly kind: 'container' }
  | { readonly kind: 'java' }
  | { readonly kind: 'none'; readonly reason: string };

/** Where the schema registry comes from that all test files of a run share. */
export type RegistryChoice =
  | { readonly kind: 'external'; readonly url: string }
  | { readonly kind: 'container' }
  | { readonly kind: 'java' }
  | { readonly kind: 'none'; readonly reason: string };

/** Where clusters of a test file's own come from: they need Java, whatever the shared broker is. */
export type ClusterChoice =
  { readonly kind: 'java' } | { readonly kind: 'none'; readonly reason: string };

/** How each reason begins, so that the summary can say loudly what did not run. */
export const noBroker = 'no broker: ';

/** Oldest Java that Kafka's brokers run on. */
const oldestJava = 17;

/**
 * `KAFKA_BROKERS`, else a container, else Java.
 * @throws Error where `KAFKA_BROKERS` is no list of `host:port`
 */
export function chooseBroker(
  env: Readonly<Record<string, string | undefined>>,
  machine: () => Machine,
): BrokerChoice {
  const brokers = externalBrokers(env);
  if (brokers !== undefined) return { kind: 'external', brokers };
  const found = machine();
  if (found.docker) return { kind: 'container' };
  const lacking = lackingForJava(found);
  if (lacking === undefined) return { kind: 'java' };
  return {
    kind: 'none',
    reason: `${noBroker}KAFKA_BROKERS is not set, no container runtime answers, and ${lacking}`,
  };
}

/** A cluster of one's own: on Java, but not beside a broker that was given. */
export function chooseCluster(
  env: Readonly<Record<string, string | undefined>>,
  machine: () => Machine,
): ClusterChoice {
  if (externalBrokers(env) !== undefined) {
    const reason = `${noBroker}the test needs a cluster that it may break, and KAFKA_BROKERS is set`;
    return { kind: 'none', reason };
  }
  const lacking = lackingForJava(machine());
  if (lacking === undefined) return { kind: 'java' };
  return { kind: 'none', reason: `${noBroker}the test needs a cluster of its own, and ${lacking}` };
}

/**
 * Where the schema registry of a run comes from: `SCHEMA_REGISTRY_URL` (of its Confluent-compatible
 * API), else a container, else Java.
 */
export function chooseRegistry(
  env: Readonly<Record<string, string | undefined>>,
  machine: () => Machine,
): RegistryChoice {
  const url = env['SCHEMA_REGISTRY_URL'] ?? '';
  if (url !== '') return { kind: 'external', url: url.replace(/\/+$/, '') };
  const found = machine();
  if (found.docker) return { kind: 'container' };
  const lacking = lackingForJava(found);
  if (lacking === undefined) return { kind: 'java' };
  const reason = `${noBroker}SCHEMA_REGISTRY_URL is not set, no container runtime answers, and ${lacking}`;
  return { kind: 'none', reason };
}

/** Kafka's Java tools, and programs against its jars. */
export function chooseJava(machine: () => Machine): ClusterChoice {
  const lacking = lackingForJava(machine());
  if (lacking === undefined) return { kind: 'java' };
  return { kind: 'none', reason: `${noBroker}the test needs Kafka's Java tools, and ${lacking}` };
}

/** True where a missing broker is an error (`MILLRACE_REQUIRE_BROKER=1`) and not a reason to skip. */
export function brokerRequired(env: Readonly<Record<string, string | undefined>>): boolean {
  const value = env['MILLRACE_REQUIRE_BROKER'] ?? '';
  return value !== '' && value !== '0';
}

function externalBrokers(
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  const text = env['KAFKA_BROKERS'] ?? '';
  if (text === '') return undefined;
  const brokers = text.split(',').map((broker) => broker.trim());
  const wrong = brokers.find((broker) => !/^\S+:\d+$/.test(broker));
  if (wrong === undefined) return brokers;
  throw new Error(`KAFKA_BROKERS: "${wrong}" is not host:port`);
}

function lackingForJava({ java, jdk, jars }: Machine): string | undefined {
  if (java === undefined) return 'there is no Java';
  if (java < oldestJava) return `Java ${java} is older than ${oldestJava}`;
  if (!jdk) return 'there is no JDK (javac, keytool)';
  return jars ? undefined : "there is no Maven (mvn) to fetch Kafka's jars with";
}
