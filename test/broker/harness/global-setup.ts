import type { TestProject } from 'vitest/node';
import { serveShared } from './shared-service.ts';
import { sharedKafka, sharedRegistry } from './shared-things.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for what they share. */
    readonly sharedService: string;
  }
}

/**
 * Vitest's global set-up: lets test files share one broker and one schema registry, each started by
 * the first that asks; a run without broker tests starts none. The result ends it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const service = await serveShared({ kafka: sharedKafka, registry: sharedRegistry });
  project.provide('sharedService', service.url);
  return () => service.close();
}
