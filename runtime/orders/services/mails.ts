import { messageIdOf } from '../../../processors/orders/mail/message-id.ts';
import { readMailBook } from '../../../processors/orders/mail-server/mail-book.ts';
import type { Mail } from '../../../schemas/orders/mail.ts';
import { count, verdict } from '../summary-text.ts';
import { readValues } from '../topic-values.ts';
import type { ReportSources, ServiceReport } from './service-report.ts';

const topic = 'notifications.mails';

/** What the mail server took, beside what was paid: every paid order has a confirmation. A letter that came twice is counted, and is no breach: at least once. */
export async function reportMails(sources: ReportSources): Promise<ServiceReport> {
  const { serdes, paid, mailBook } = sources;
  const outcomes = { SENT: 0, REFUSED: 0, UNKNOWN: 0 };
  const confirmed = new Set<string>();
  const unconfirmed = new Set<string>();
  const serde = await serdes.of<Mail>(topic, 'shop.Mail');
  await readValues(sources, topic, serde, ({ orderId, state, outcome }) => {
    outcomes[outcome] += 1;
    if (state === 'PAID') (outcome === 'SENT' ? confirmed : unconfirmed).add(orderId);
  });
  const booked = mailBook === undefined ? undefined : await readBooked(mailBook);
  const hasLetter = (orderId: string): boolean =>
    booked?.letters.has(messageIdOf(`mail-${orderId}-PAID`)) ?? confirmed.has(orderId);
  let missing = 0;
  for (const orderId of paid.keys()) {
    if (!hasLetter(orderId) && !unconfirmed.has(orderId)) missing += 1;
  }
  const letters = booked?.letters.size ?? outcomes.SENT;
  const twice = booked === undefined ? 0 : booked.copies - booked.letters.size;
  const holds = missing === 0;
  const figures = {
    sent: outcomes.SENT,
    refused: outcomes.REFUSED,
    unknown: outcomes.UNKNOWN,
    letters,
    twice,
    paidWithoutConfirmation: missing,
    holds,
  };
  const bad = outcomes.REFUSED + outcomes.UNKNOWN;
  return {
    service: 'notifications',
    lines: [
      `${count(letters, 'letter')} with the mail server, ${twice} of them twice${bad === 0 ? '' : `; ${bad} refused or unclear`}`,
      `${count(paid.size, 'paid order')}, ${missing} without a confirmation: ${verdict(holds)}`,
    ],
    figures,
    holds,
  };
}

async function readBooked(
  file: string,
): Promise<{ readonly letters: ReadonlySet<string>; readonly copies: number }> {
  const mails = await readMailBook(file);
  return { letters: new Set(mails.map(({ messageId }) => messageId)), copies: mails.length };
}
