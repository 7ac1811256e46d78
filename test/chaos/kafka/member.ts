import { WordyChild } from './child-process.ts';
import type { Ambush } from '../child/suicide.ts';
import type { MemberSettings, MemberWord } from './child/words.ts';

/** What a member's process does at present. */
export type MemberState = 'gone' | 'starting' | 'running' | 'frozen';

/** Told what happens to members. */
export interface MemberWatch {
  word(member: Member, word: MemberWord): void;
  /** A process ended that nobody had killed or told to leave. */
  died(member: Member, how: string): void;
  /** A process ended, however. */
  gone(member: Member): void;
}

type Status = Extract<MemberWord, { say: 'status' }>;

/** A place of a member: its data folder and slot, with one process after the other in it. */
export class Member {
  readonly name: string;
  /** The last status of the present process. */
  status: Status | undefined;
  /** Starts that came so far as to be in the group. */
  starts = 0;
  /** From the making of the present process until it was in the group, ms. */
  startMs = 0;
  readonly #settings: () => Omit<MemberSettings, 'ambush'>;
  readonly #watch: MemberWatch;
  #child: WordyChild<MemberWord> | undefined;
  #state: MemberState = 'gone';
  #ambush: Ambush | undefined;
  #sprung = false;
  #madeMs = 0;
  /** Somebody has killed it or told it to leave. */
  #told = false;
  #failure: string | undefined;

  constructor(name: string, settings: () => Omit<MemberSettings, 'ambush'>, watch: MemberWatch) {
    this.name = name;
    this.#settings = settings;
    this.#watch = watch;
  }

  get state(): MemberState {
    return this.#state;
  }

  /** Its data folder. */
  get data(): string {
    return this.#settings().data;
  }

  /** How it is, with what its process said last. */
  toString(): string {
    return `${this.name} is ${this.#state}: ${JSON.stringify(this.status)}`;
  }

  /** True while the process may yet freeze or kill itself, or has killed itself. */
  get ambushed(): boolean {
    return this.#ambush !== undefined && !this.#sprung;
  }

  get freezesItself(): boolean {
    return this.ambushed && this.#ambush?.signal === 'SIGSTOP';
  }

  /** True after the end of a process that was to kill itself, and that nobody else had ended. */
  get killedItself(): boolean {
    return this.#ambush?.signal === 'SIGKILL' && !this.#told;
  }

  get ambushText(): string {
    return `at ${this.#ambush?.point}, number ${this.#ambush?.at}`;
  }

  /** True where it is frozen by itself, not only slow. */
  async hasFrozenItself(): Promise<boolean> {
    return this.#mayFreeze && (await this.#child?.isStopped()) === true && this.#mayFreeze;
  }

  get #mayFreeze(): boolean {
    return this.freezesItself && (this.#state === 'running' || this.#state === 'starting');
  }

  /** It has frozen itself, and does so no more. */
  sprung(): void {
    this.#sprung = true;
    this.#state = 'frozen';
  }

  /** Starts a process in the place. */
  start(ambush?: Ambush): void {
    if (this.#state !== 'gone') throw new Error(`${this.name} is ${this.#state}`);
    const settings: MemberSettings = { ...this.#settings(), ambush };
    this.#ambush = ambush;
    this.#sprung = false;
    this.#told = false;
    this.#failure = undefined;
    this.status = undefined;
    this.#state = 'starting';
    this.#madeMs = performance.now();
    const child = new WordyChild<MemberWord>('member.ts', settings, (word) => this.#hear(word));
    this.#child = child;
    void child.ended.then(({ code, signal }) => {
      this.#state = 'gone';
      this.status = undefined;
      const killed = signal === 'SIGKILL' && this.killedItself;
      if (!this.#told && !killed)
        this.#watch.died(this, this.#failure ?? `code ${code}, ${signal}`);
      this.#watch.gone(this);
    });
  }

  /** SIGKILL, frozen or not; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#told = true;
    this.#child?.signal('SIGKILL');
    await this.#child?.ended;
  }

  freeze(): void {
    this.#child?.signal('SIGSTOP');
    this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state === 'gone') return;
    this.#child?.signal('SIGCONT');
    this.#state = 'running';
  }

  /** Tells it to leave; resolves when it is gone, after a SIGKILL where that takes longer than `patienceMs`. True: it left in order. */
  async leave(patienceMs: number): Promise<boolean> {
    const child = this.#child;
    if (child === undefined || !child.running) return true;
    this.#told = true;
    child.write('leave');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.signal('SIGKILL');
    }, patienceMs);
    const { code } = await child.ended;
    clearTimeout(timer);
    if (!late && code !== 0) this.#watch.died(this, this.#failure ?? `code ${code} as it left`);
    return !late && code === 0;
  }

  #hear(word: MemberWord): void {
    if (word.say === 'ready') {
      this.starts += 1;
      this.startMs = performance.now() - this.#madeMs;
      if (this.#state === 'starting') this.#state = 'running';
    }
    if (word.say === 'status') this.status = word;
    if (word.say === 'failed') this.#failure = word.message;
    this.#watch.word(this, word);
  }
}
