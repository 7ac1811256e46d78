import { mergeCodes, type ProblemCode, problemCodes } from '../../topology/codes.ts';

/** Findings about schema files, as `schemas/` reports them. A code keeps its meaning for ever. */
const schemaCodes = {
  S001: {
    title: 'schema file is not JSON',
    explanation:
      'An .avsc file holds one Avro schema as JSON. This one cannot be read; the message says where the text stops being JSON.',
    example: '{ "type": "record", }   # no comma before }',
  },
  S002: {
    title: 'schema file is not Avro',
    explanation:
      'The file is JSON, but no Avro schema: a field without a type, a name that Avro does not allow, a default that does not fit its type.',
    example: '{ "name": "id" }        # { "name": "id", "type": "string" }',
  },
  S003: {
    title: 'unknown type in a schema',
    explanation:
      'The schema refers to a type that no .avsc file of the folder defines. Names without a namespace are looked up in the namespace around them.',
    example: '"type": "shop.Lin"      # shop.Line',
  },
  S004: {
    title: 'type defined twice',
    explanation:
      'Two definitions have the same full name, in one file or in two. Keep one: other files may refer to it by name.',
    example: 'order.avsc and order-v2.avsc both define shop.Order',
  },
} as const satisfies Readonly<Record<string, ProblemCode>>;

/** Findings about files and folders that a topology file names. */
const fileCodes = {
  F001: {
    title: 'folder that is not there',
    explanation:
      '`schemas:` and `processors:` name folders relative to the topology file, not to the working directory.',
    example: 'schemas: schemas/orders      # ../../schemas/orders',
  },
  F002: {
    title: 'missing processor file',
    explanation:
      '`process:` and `use:` stand for a file of the processors folder (.ts, .mts, .js or .mjs) that exports the name in camelCase.',
    example: 'process: fan-out             # processors/fan-out.ts exports fanOut',
  },
  F003: {
    title: 'function without a folder of processors',
    explanation:
      'The topology uses a function, but does not say in which folder functions are: `processors:` is missing.',
    example: 'processors: ../processors    # at the top of the file',
  },
} as const satisfies Readonly<Record<string, ProblemCode>>;

/** Findings about a runner file, beside those about its form (E001 to E013). */
const runnerCodes = {
  R001: {
    title: 'environment variable that is not set',
    explanation:
      '`${NAME}` in a runner file stands for an environment variable. There is no default: a variable that is not set is an error.',
    example: 'data: ${DATA_DIR}            # export DATA_DIR=/var/lib/orders',
  },
  R002: {
    title: 'secret in a file',
    explanation:
      'Passwords, tokens and passphrases stand in an environment variable of their own, so that a runner file can be shown and shared.',
    example: 'password: ${KAFKA_PASSWORD}  # export KAFKA_PASSWORD=…',
  },
} as const satisfies Readonly<Record<string, ProblemCode>>;

/** Findings of the lock file of schemas. */
const lockCodes = {
  L001: {
    title: 'version that cannot be read',
    explanation:
      'A stage gets records of a topic whose subject has a version that the schema at hand cannot read: they would all go to the dead letters. The lock file has the versions; "millrace schemas diff" says in words what is different. A version that nothing in the topic was written with any more can be taken out of use with "millrace schemas soft-delete", and the lock pulled anew.',
    example: '{ "name": "tip", "type": "int" }   # new in the schema: "default": 0',
  },
  L002: {
    title: 'sink that its subject refuses',
    explanation:
      'A stage writes records with a schema that the compatibility mode of the subject does not allow as the next version: the registry would refuse it when the application starts. The lock file has versions and mode.',
    example: '{ "name": "at", "type": "string" }  # a long in the last version',
  },
  L003: {
    title: 'reader that is not the pinned one',
    explanation:
      'The lock file pins the schema with which each topic is read. The one at hand is another: it was edited, or the topic has another type now. What changed is said in words. It is a warning, since every version in the lock was compared with the new one; `run` says it, too, and refuses it with `registry.offline`. Pin it anew with "millrace schemas pull"; "pull --check" in CI gives 1 until that is done.',
    example: '{ "name": "tip", "type": "int", "default": 0 }   # edited after the last pull',
  },
} as const satisfies Readonly<Record<string, ProblemCode>>;

/** Every code that a command may report about a file: topology, schemas, runner file. */
export const fileProblemCodes = mergeCodes(
  problemCodes,
  schemaCodes,
  fileCodes,
  lockCodes,
  runnerCodes,
);
