/** Runs actions one after the other, in the order in which they came. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs the action when those before it have ended, however they did. Settles as it does. */
  run<T>(action: () => Promise<T>): Promise<T> {
    const run = this.last.then(action, action);
    this.last = run.catch(() => {});
    return run;
  }
}
