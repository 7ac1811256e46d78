/** What the verifier can find: each check has a name, so that a test can say which one caught a breakage. */
export type CheckName =
  | 'taken-once'
  | 'output-equals-model'
  | 'one-final-state'
  | 'store-equals-changelog'
  | 'store-equals-model'
  | 'counters'
  | 'conservation'
  | 'charged-once'
  | 'same-without-crash'
  | 'disk-behind-log'
  | 'never-rebuilt'
  | 'calls'
  | 'struck-there'
  | 'fates'
  | 'came-to-rest'
  | 'stopped-by-itself';

/** Something that must not be. */
export interface Finding {
  readonly check: CheckName;
  readonly message: string;
}

/** Findings of one check. After the first few, one that says how many more there are. */
export class Findings {
  readonly #check: CheckName;
  readonly #messages: string[] = [];

  constructor(check: CheckName) {
    this.#check = check;
  }

  add(message: string): void {
    this.#messages.push(message);
  }

  list(): readonly Finding[] {
    const shown = this.#messages.slice(0, mostShown);
    const more = this.#messages.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    return shown.map((message) => ({ check: this.#check, message }));
  }
}

const mostShown = 5;
