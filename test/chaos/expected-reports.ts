/** True for what a runner is to report where its provider dies: that calls wait for it, and go on. Anything else is a finding. */
export function isExpected(report: string): boolean {
  return /^the breaker of stage "[^"]*" is (?:open: its calls wait|closed again)$/.test(report);
}
