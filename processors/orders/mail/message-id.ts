import { createHash } from 'node:crypto';

/** The Message-ID of a letter: the same for each copy. */
export function messageIdOf(idempotencyKey: string): string {
  const id = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32);
  return `<${id}@shop.example>`;
}
