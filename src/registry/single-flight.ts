export interface SingleFlight<T> {
  /** Joins the work under way for `key`, or starts it. */
  run(key: string, work: () => Promise<T>): Promise<T>;
}

/** Makes identical questions that overlap in time one question: all askers get its answer or its failure. */
export function createSingleFlight<T>(): SingleFlight<T> {
  // As many entries as questions are under way; each removes itself when it ends.
  const underWay = new Map<string, Promise<T>>();
  return {
    run: (key, work) => {
      const joined = underWay.get(key);
      if (joined !== undefined) return joined;
      const flight = work().finally(() => underWay.delete(key));
      underWay.set(key, flight);
      return flight;
    },
  };
}
