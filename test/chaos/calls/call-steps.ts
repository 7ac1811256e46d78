/** Effects of a call that a campaign tries; `at-least-once` promises nothing that could be checked. */
export const callEffects = ['idempotent', 'lookup', 'at-most-once'] as const;

export type CallEffectName = (typeof callEffects)[number];

/** Steps of a call at which the runner kills itself: it sees what a transaction holds. */
export const ownSteps = [
  /** The transaction with the intent is about to be handed to the log. */
  'before-intent',
  /** The log has acknowledged it; nothing was sent. */
  'after-intent',
  /** At-most-once: the log has acknowledged that a request may go out; nothing was sent. */
  'after-mark',
  /** The reply is there; the transaction with the outcome is about to be handed to the log. */
  'before-outcome',
  /** The log has acknowledged the outcome. */
  'after-outcome',
] as const;

export type OwnStep = (typeof ownSteps)[number];

/** Steps at which the gateway kills it: the runner cannot know where its request is. */
export type WireStep =
  /** The request has left it, and is not at the provider. */
  | 'in-flight'
  /** The charge is in the provider's ledger, the reply has not left for the runner. */
  | 'acted';

export type CallStep = OwnStep | WireStep;

/** The steps that are tried with an effect: all, and with the others those where they differ from `idempotent`. */
export const stepsOf: Readonly<Record<CallEffectName, readonly CallStep[]>> = {
  idempotent: [
    'before-intent',
    'after-intent',
    'in-flight',
    'acted',
    'before-outcome',
    'after-outcome',
  ],
  lookup: ['after-intent', 'in-flight', 'acted', 'before-outcome'],
  'at-most-once': ['after-intent', 'after-mark', 'in-flight', 'acted', 'before-outcome'],
};

/** A step in words, for people. */
export const stepTexts: Readonly<Record<CallStep, string>> = {
  'before-intent': 'before the intent is committed',
  'after-intent': 'after that, before anything is sent',
  'after-mark': 'after the mark, before anything is sent',
  'in-flight': 'while the request is on its way',
  acted: 'after the charge, before the reply',
  'before-outcome': 'after the reply, before its commit',
  'after-outcome': 'after the commit of the reply',
};

/** A kill at a step, and the calls that it hit there. */
export interface Strike {
  readonly step: CallStep;
  /** Number of the life that it ended, from 1. */
  readonly life: number;
  /** Idempotency keys. */
  readonly keys: readonly string[];
}
