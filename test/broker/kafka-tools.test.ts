import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runJava } from './harness/java.ts';
import { kafkaTools, startJava } from './harness/kafka-tools.ts';
import { requireJava, requireKafka, uniqueName } from './harness/require.ts';
import { temporaryFolder } from './harness/temporary-folder.ts';
import { createTopic, kafkaJs } from './kafkajs-client.ts';

requireJava();
const kafka = requireKafka();
const onTopic = (topic: string): string[] => [
  '--bootstrap-server',
  kafka().brokers.join(','),
  '--topic',
  topic,
];

describe("Kafka's tools", () => {
  test('read while the test goes on what another one wrote', async () => {
    const topic = uniqueName('console');
    await createTopic(kafkaJs(kafka().brokers), topic);
    const consumer = await startJava(kafkaTools['console-consumer'], [
      ...onTopic(topic),
      '--from-beginning',
    ]);
    const producer = await startJava(kafkaTools['console-producer'], onTopic(topic));
    producer.write('one');
    producer.write('two');
    await producer.end();
    expect(await consumer.waitFor((line) => line === 'two')).toBe('two');
    expect(consumer.lines).toEqual(['one', 'two']);
    await consumer.kill();
    await expect(consumer.waitFor((line) => line === 'three')).rejects.toThrow(
      'ConsoleConsumer ended before the line came; it wrote:\none\ntwo',
    );
  });

  test('are all in the jars', async () => {
    const file = join(temporaryFolder('java'), 'Find.java');
    writeFileSync(
      file,
      `public class Find {
         public static void main(String[] names) throws Exception {
           for (String name : names) Class.forName(name).getMethod("main", String[].class);
         }
       }`,
    );
    const { code, stderr } = await runJava(file, Object.values(kafkaTools));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('a program of our own', () => {
  test('is compiled against the jars of Kafka Streams, and gets arguments and input', async () => {
    const file = join(temporaryFolder('java'), 'Echo.java');
    writeFileSync(
      file,
      `import org.apache.kafka.streams.StreamsBuilder;
       public class Echo {
         public static void main(String[] args) throws Exception {
           new StreamsBuilder();
           System.out.print(args[0] + new String(System.in.readAllBytes()));
         }
       }`,
    );
    const { code, stdout } = await runJava(file, ['a'], { input: 'b' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ab' });
  });

  test('that does not compile says where', async () => {
    const file = join(temporaryFolder('java'), 'Broken.java');
    writeFileSync(file, 'public class Broken { int a = "b"; }');
    await expect(runJava(file, [])).rejects.toThrow(/Broken\.java:1: error: incompatible types/);
  });
});
