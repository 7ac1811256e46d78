import { reportAlerts } from './alerts.ts';
import { reportMails } from './mails.ts';
import { reportPickLists } from './pick-lists.ts';
import { reportPoints } from './points.ts';
import { reportSales } from './sales.ts';
import type { ReportSources, ServiceReport } from './service-report.ts';

const reporters: Readonly<Record<string, (sources: ReportSources) => Promise<ServiceReport>>> = {
  notifications: reportMails,
  warehouse: reportPickLists,
  analytics: reportSales,
  fraud: reportAlerts,
  loyalty: reportPoints,
};

/**
 * The reports of the applications with these names, in an order of its own. An application that nobody here knows has none.
 *
 * **Gotchas** All of them must be at rest.
 */
export async function reportServices(
  applications: readonly string[],
  sources: ReportSources,
): Promise<readonly ServiceReport[]> {
  const reports: ServiceReport[] = [];
  for (const [name, report] of Object.entries(reporters)) {
    if (applications.includes(name)) reports.push(await report(sources));
  }
  return reports;
}
