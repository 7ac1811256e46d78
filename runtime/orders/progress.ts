/** Where a {@link ProgressLine} is drawn: standard error. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One line that is drawn again and again, on a terminal; nothing anywhere else. */
export class ProgressLine {
  readonly #output: ProgressOutput;
  #drawn = 0;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Replaces the line. */
  show(text: string): void {
    if (this.#output.isTTY !== true) return;
    this.#output.write(`\r${text.padEnd(this.#drawn)}`);
    this.#drawn = text.length;
  }

  /** Takes the line away, for what is printed next. */
  clear(): void {
    if (this.#drawn > 0) this.#output.write(`\r${' '.repeat(this.#drawn)}\r`);
    this.#drawn = 0;
  }
}
