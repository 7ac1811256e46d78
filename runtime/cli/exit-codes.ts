/**
 * Exit codes of every command: fine (a service that was stopped in order, too); findings of a
 * check, or a failure of the application itself; wrong usage, such as the name of something that
 * nothing has; an environment that cannot be used as it is (files, folders, topics, another process).
 */
export const exitCodes = { fine: 0, findings: 1, usage: 2, environment: 3 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
