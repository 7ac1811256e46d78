/** Lets at most `width` in at a time, in the order in which they came. */
export class Gate {
  private readonly width: number;
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(width: number) {
    this.width = width;
  }

  /** Resolves when there is room. Who came in must {@link leave}. */
  async enter(): Promise<void> {
    if (this.inside < this.width) {
      this.inside++;
      return;
    }
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
    });
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.inside--;
    else next();
  }
}
