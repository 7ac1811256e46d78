import type { RootDatabase } from 'lmdb';

/** What LMDB's binding keeps of the native environment in a database; not in its types. */
interface NativeEnvironment {
  startWriting(address: number, done: (status: number) => unknown): unknown;
}

/** Statuses of a write that is done, or goes on; any other is the code of an error. */
const lastGoodStatus = 2;

/**
 * Keeps LMDB's binding from printing the error of a failed write, with its stack, on the console:
 * the promise of the write is rejected with the same error, and whoever waits for it tells the user.
 * The console is silent only while the binding handles the failure, in which no code of ours runs.
 * Source: `startWriting` in lmdb's write.js.
 */
export function quietWrites(root: RootDatabase): void {
  const { env } = root as unknown as { readonly env: NativeEnvironment };
  const startWriting = env.startWriting.bind(env);
  const quiet: NativeEnvironment['startWriting'] = (address, done) =>
    startWriting(address, (status) => {
      if (status >= 0 && status <= lastGoodStatus) return done(status);
      const loud = globalThis.console;
      globalThis.console = { ...loud, error: () => undefined };
      try {
        return done(status);
      } finally {
        globalThis.console = loud;
      }
    });
  // The native method is read-only, so a mere assignment is refused.
  Object.defineProperty(env, 'startWriting', { value: quiet });
}
