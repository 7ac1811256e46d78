import type { ProcessStage, StreamRecord } from 'millrace/processors';
import { map } from 'rxjs';

interface Word {
  readonly text: string;
}

interface Shout {
  readonly text: string;
  readonly length: number;
}

/** Says each word loudly. */
export const shout: ProcessStage<
  { heard: StreamRecord<string, Word> },
  { said: StreamRecord<string, Shout> }
> = ({ heard }) => ({
  said: heard.pipe(
    map((record) => {
      const text = `${record.value.text.toUpperCase()}!`;
      return record.withValue({ text, length: text.length });
    }),
  ),
});
