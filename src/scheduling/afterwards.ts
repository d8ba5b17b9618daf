/**
 * Has something told, or done, after what is going on: the next write of an update leaves first. What was handed in earlier
 * comes earlier, and all of it within the same turn of the event loop. `tell` must not throw.
 */
export function afterwards(tell: () => void): void {
  setImmediate(tell);
}

/** Resolves when everything has been told that was handed in until now. */
export function allTold(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
