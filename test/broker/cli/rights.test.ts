import {
  type AclEntry,
  AclOperationTypes as Operation,
  AclPermissionTypes as Permission,
  AclResourceTypes as Resource,
  ResourcePatternTypes as Pattern,
} from 'kafkajs';
import { test } from 'vitest';
import { eventually } from '../eventually.ts';
import { users } from '../harness/cluster-options.ts';
import { requireCluster } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const cluster = requireCluster({ listeners: ['plain', 'sasl'], acls: true });
const login = '{ mechanism: PLAIN, username: alice, password: "${PASSWORD}" }';

type Kind = 'topic' | 'group' | 'transactional id';

const kinds: Readonly<Record<Kind, Resource>> = {
  topic: Resource.TOPIC,
  group: Resource.GROUP,
  'transactional id': Resource.TRANSACTIONAL_ID,
};

function rule(
  permissionType: Permission,
  operation: Operation,
  on: Omit<AclEntry, 'principal' | 'host' | 'permissionType' | 'operation'>,
): AclEntry {
  return { ...on, principal: 'User:alice', host: '*', permissionType, operation };
}

/** All that begins with a name. */
function prefixed(
  kind: Kind,
  name: string,
): Pick<AclEntry, 'resourceType' | 'resourceName' | 'resourcePatternType'> {
  return { resourceType: kinds[kind], resourceName: name, resourcePatternType: Pattern.PREFIXED };
}

async function add(...acl: AclEntry[]): Promise<void> {
  await new Topics(cluster().bootstrap('plain')).admin(async (admin) => {
    await admin.createAcls({ acl });
    const last = acl.at(-1) as AclEntry;
    await eventually('the brokers know the rule', async () => {
      const { resources } = await admin.describeAcls(last);
      return resources.length > 0 || undefined;
    });
  });
}

async function remove(filter: AclEntry): Promise<void> {
  await new Topics(cluster().bootstrap('plain')).admin(async (admin) => {
    await admin.deleteAcls({ filters: [filter] });
    await eventually('the rule is gone', async () => {
      const { resources } = await admin.describeAcls(filter);
      return resources.length === 0 || undefined;
    });
  });
}

const everything = ['topic', 'group', 'transactional id'] as const;

test.each<[string, Kind, Operation, string?]>([
  ['describe a topic', 'topic', Operation.DESCRIBE],
  ['read the settings of topics', 'topic', Operation.DESCRIBE_CONFIGS],
  ['create topics', 'topic', Operation.CREATE],
  ['read a topic', 'topic', Operation.READ],
  ['write to a topic', 'topic', Operation.WRITE],
  ['read the input', 'topic', Operation.READ, '-said'],
  ['write the output', 'topic', Operation.WRITE, '-loud'],
  ['describe the group', 'group', Operation.DESCRIBE],
  ['join the group', 'group', Operation.READ],
  ['use the transactional id', 'transactional id', Operation.WRITE],
])(
  'a user who may not %s is told so, and nothing is lost',
  async (what, kind, operation, of = '') => {
    const name = `words-${what.replaceAll(' ', '-')}`;
    const words = new KafkaProject({
      name,
      brokers: cluster().bootstrap('sasl'),
      kafka: [`sasl: ${login}`],
      env: { PASSWORD: users['alice'] ?? '' },
    });
    const topics = new Topics(cluster().bootstrap('plain'));
    await topics.create(`${name}-said`, 2);
    await topics.say(words, 'one', 'two');
    const allowed = everything.map((it) =>
      rule(Permission.ALLOW, Operation.ALL, prefixed(it, name)),
    );
    const denied = rule(Permission.DENY, operation, prefixed(kind, `${name}${of}`));
    // Schemas of all applications are in one topic.
    const schemas = rule(Permission.ALLOW, Operation.ALL, prefixed('topic', '_millrace-schemas'));
    await add(...allowed, schemas, denied);
    await words.expectRun(`kafka-rights-${what.replaceAll(' ', '-')}`);
    await remove(denied);
    await words.expectCatchesUp('one', 'two');
  },
);
