import { ConfigError } from '../../../topology/core/errors.ts';
import type { TopicMetadata } from '../wire.ts';

/** Ids of the topics that are being read: a topic that was deleted and created again has another one, and positions in the old one mean nothing in it. */
export class TopicIds {
  private readonly known = new Map<string, Buffer>();

  /**
   * Ids by name; a topic that the cluster does not have is absent.
   * @throws {ConfigError} TOPIC_RECREATED where a topic is another one than it was
   */
  of(
    topics: ReadonlyMap<string, TopicMetadata>,
    names: readonly string[],
  ): ReadonlyMap<string, Buffer> {
    const ids = new Map<string, Buffer>();
    for (const name of names) {
      const id = topics.get(name)?.id;
      if (id === undefined) continue;
      const before = this.known.get(name);
      if (before?.equals(id) === false) throw recreated(name);
      // A copy: the metadata is a view of its response.
      if (before === undefined) this.known.set(name, Buffer.from(id));
      ids.set(name, id);
    }
    return ids;
  }
}

function recreated(topic: string): ConfigError {
  return new ConfigError(
    'TOPIC_RECREATED',
    `topic "${topic}" was deleted and created again while it was being read: start the application again to read the new one, ` +
      'after a reset if it has state of the old one',
    { place: { topic } },
  );
}
