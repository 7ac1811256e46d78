import { seededShare } from '../provider/behaviour.ts';

/** How the mail server behaves. Equal settings and equally many letters give equal answers. */
export interface MailBehaviourSettings {
  readonly seed: number;
  /** Mean of the exponentially distributed time that a letter takes, ms. */
  readonly latencyMs: number;
  /** Share of letters that are refused for good (550), 0…1. */
  readonly refuseRate: number;
  /** Share of letters that are not taken now (451), 0…1. */
  readonly deferRate: number;
  /** Share of letters that are taken, and whose sender never learns of it, 0…1. */
  readonly cutRate: number;
}

/** What becomes of one letter. */
export interface MailFate {
  readonly latencyMs: number;
  readonly answer: 'taken' | 'cut' | 'refused' | 'deferred';
}

/** Gives the fate of the next letter, and of the next. */
export function compileMailBehaviour(settings: MailBehaviourSettings): () => MailFate {
  const { seed, latencyMs, refuseRate, deferRate, cutRate } = settings;
  let turn = 0;
  return () => {
    turn += 1;
    const share = seededShare(seed, `mail/${turn}`);
    return {
      latencyMs: -Math.log(1 - seededShare(seed, `mail-latency/${turn}`)) * latencyMs,
      answer: answerOf(share),
    };
  };

  function answerOf(share: number): MailFate['answer'] {
    if (share < refuseRate) return 'refused';
    if (share < refuseRate + deferRate) return 'deferred';
    return share < refuseRate + deferRate + cutRate ? 'cut' : 'taken';
  }
}
