/** Resolves in the next turn of the event loop, after I/O and what others have to do. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
