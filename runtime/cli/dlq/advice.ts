import type { DeadLetter } from '../../app/dlq/letter.ts';

const redrive = 'then send it on with "millrace dlq redrive"';

/** What to do about a dead letter, in a sentence. `parks`: records of its key wait behind it. */
export function adviceFor(letter: DeadLetter, parks: boolean): string {
  const advice = causeAdvice(letter);
  if (!parks) return advice;
  return `${advice}; until then later records of its key wait behind it, or until "millrace dlq discard" gives it up`;
}

function causeAdvice({ code = '', stage, schemaId, origin }: DeadLetter): string {
  if (origin === 'punctuation') {
    return `no record failed, but a punctuation of stage "${stage}", which fires again by itself: mend the stage`;
  }
  switch (code) {
    case 'SCHEMA_UNKNOWN_ID':
      return `the registry does not know the schema that wrote it: bring it back or point to the registry that its producer uses, ${redrive}`;
    case 'SCHEMA_INCOMPATIBLE':
      return `it was written with schema ${schemaId ?? ''}, which the application's schema cannot read: give new fields a default or renamed ones an alias, ${redrive}; or translate it with --with`;
    case 'SERDE_DECODE':
      return `its bytes are not what the source declares: mend the producer; "millrace dlq redrive --with" sends on what a function of yours makes of them`;
    case 'SERDE_ENCODE':
      return `stage "${stage}" made a value that does not fit its schema: mend the stage or the schema, ${redrive}`;
    case 'RECORD_TIME':
    case 'RECORD_FUTURE':
      return `its time cannot be right: mend the clock or the field at the producer; "millrace dlq redrive --with" can correct a field of the value`;
    case 'RECORD_REJECTED':
      return `stage "${stage}" set it aside on purpose, and what else the record caused stands: "millrace dlq redrive --rejected" sends the whole record again`;
    case 'STAGE_BUDGET':
      return `stage "${stage}" did not end in time: make it quicker or make it a call, ${redrive}`;
    default:
      return `mend stage "${stage}" or the record's producer, ${redrive}`;
  }
}
