import type { Clock } from '../../../../topology/core/clock.ts';

/**
 * A process on a shared clock: it can be stopped (time goes on, nothing runs; what was due runs when it goes on) and killed (nothing runs
 * any more).
 */
export class ModelProcess implements Clock {
  private readonly clock: Clock;
  private held: (() => void)[] = [];
  state: 'running' | 'stopped' | 'dead' = 'running';

  constructor(clock: Clock) {
    this.clock = clock;
  }

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  after(delayMs: number, action: () => void): () => void {
    let cancelled = false;
    const cancel = this.clock.after(delayMs, () => {
      this.run(() => {
        if (!cancelled) action();
      });
    });
    return () => {
      cancelled = true;
      cancel();
    };
  }

  stop(): void {
    if (this.state === 'running') this.state = 'stopped';
  }

  resume(): void {
    if (this.state !== 'stopped') return;
    this.state = 'running';
    const { held } = this;
    this.held = [];
    for (const action of held) this.run(action);
  }

  kill(): void {
    this.state = 'dead';
    this.held = [];
  }

  private run(action: () => void): void {
    if (this.state === 'running') action();
    else if (this.state === 'stopped') this.held.push(action);
  }
}
