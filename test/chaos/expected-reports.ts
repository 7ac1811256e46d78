/** True for what a runner is to report where its provider dies: that calls wait for it, and go on. Anything else is a finding. */
export function isExpected(report: string): boolean {
  return /^the breaker of stage "[^"]*" is (?:open: its calls wait|closed again)$/.test(report);
}

/** True for what it is to report where a careless producer sends nonsense. Whether these dead letters are the right ones, checks of their own say. */
export function tellsOfDeadLetters(report: string): boolean {
  return /^\d+ records? of stage "[^"]*" went to the dead letters \(task \w+\)/.test(report);
}
