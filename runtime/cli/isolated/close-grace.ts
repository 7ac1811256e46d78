/**
 * How long applications have to end in order, ms: less than the 30 s after which Kubernetes kills a container. What is not committed then is read again at
 * the next start.
 */
export const closeGraceMs = 20_000;
