import { murmur2 } from '../../../topology/core/murmur2.ts';

/** How the provider behaves. Equal settings and equal requests in equal order give equal answers. */
export interface BehaviourSettings {
  readonly seed: number;
  /** Mean of the exponentially distributed time that a charge takes, ms. */
  readonly latencyMs: number;
  /** Share of charges that are declined, 0…1. */
  readonly declineRate: number;
  /** Share of charges that are made, and whose answer then never comes, 0…1. */
  readonly cutRate: number;
  /** One outage of `forMs` in each period of `everyMs`; undefined: none. */
  readonly outage: { readonly everyMs: number; readonly forMs: number } | undefined;
  /** `by-key`: approval is a function of seed and idempotency key; `by-turn`: of how many charges came before. */
  readonly answers: 'by-key' | 'by-turn';
}

/** What becomes of one charge. */
export interface ChargeFate {
  readonly latencyMs: number;
  readonly state: 'APPROVED' | 'DECLINED';
  /** `cut`: the connection breaks after the charge; `hang`: it stays open, without an answer. */
  readonly answer: 'given' | 'cut' | 'hang';
}

/** Seeded choices of the payment provider. Holds no clock: the time is an argument. */
export interface Behaviour {
  /** True while the provider is out, `elapsedMs` after its start. */
  outage(elapsedMs: number): boolean;
  /** The fate of the next charge. */
  next(idempotencyKey: string): ChargeFate;
}

/** A number in [0, 1) that depends on seed and text alone. */
export function seededShare(seed: number, text: string): number {
  return (murmur2(Buffer.from(`${seed}/${text}`)) >>> 0) / 0x1_0000_0000;
}

/** The behaviour that the settings describe. */
export function compileBehaviour(settings: BehaviourSettings): Behaviour {
  const { seed, latencyMs, declineRate, cutRate, outage, answers } = settings;
  let turn = 0;
  return {
    outage(elapsedMs) {
      if (outage === undefined) return false;
      const period = Math.floor(elapsedMs / outage.everyMs);
      const slack = Math.max(0, outage.everyMs - outage.forMs);
      const begin = period * outage.everyMs + seededShare(seed, `outage/${period}`) * slack;
      return elapsedMs >= begin && elapsedMs < begin + outage.forMs;
    },
    next(idempotencyKey) {
      turn += 1;
      const chosenBy = answers === 'by-key' ? `key/${idempotencyKey}` : `turn/${turn}`;
      const cut = seededShare(seed, `cut/${turn}`);
      return {
        latencyMs: -Math.log(1 - seededShare(seed, `latency/${turn}`)) * latencyMs,
        state: seededShare(seed, chosenBy) < declineRate ? 'DECLINED' : 'APPROVED',
        answer: cut >= cutRate ? 'given' : cut < cutRate / 2 ? 'cut' : 'hang',
      };
    },
  };
}
