import { openTopics } from 'millrace';

const topics = await openTopics({ topology: 'words.yaml' });
await topics.send(
  'words',
  { key: 'a', value: { text: 'hello' } },
  { key: 'b', value: { text: 'to' } },
  { key: 'c', value: { text: 'world' } },
);
await topics.close();
