import { repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';
import { MAX_RESULTS, type AcceptOutcome } from './outcome.ts';
import type { Proposer } from './propose.ts';

type Accept = Proposer['accept'];

/** Work on one tag: what is under way, and what begins when that has ended. */
interface Flight {
  readonly running: Promise<AcceptOutcome>;
  next?: Promise<AcceptOutcome>;
}

/**
 * Makes one piece of work of the signals for one tag that arrive while that tag is in work. They do not share the work
 * under way, since it may have asked the registry before what they tell of was pushed: all of them wait for one more.
 */
export function createCoalescer(accept: Accept): Accept {
  // Invariant: holds the tags in work and no others.
  const flights = new Map<string, Flight>();

  const start = (key: string, signal: Signal): Promise<AcceptOutcome> => {
    const flight: Flight = { running: accept([signal]) };
    flights.set(key, flight);
    const land = (): void => {
      if (flight.next === undefined) flights.delete(key);
    };
    flight.running.then(land, land);
    return flight.running;
  };

  const join = (key: string, signal: Signal): Promise<AcceptOutcome> => {
    const flight = flights.get(key);
    if (flight === undefined) return start(key, signal);
    const again = (): Promise<AcceptOutcome> => start(key, signal);
    flight.next ??= flight.running.then(again, again);
    return flight.next;
  };

  return async (signals) => {
    const distinct = new Map(signals.map((signal) => [keyOf(signal), signal]));
    const outcomes = await Promise.all([...distinct].map(([key, signal]) => join(key, signal)));
    return {
      matched: sum(outcomes.map(({ matched }) => matched)),
      created: sum(outcomes.map(({ created }) => created)),
      unresolved: sum(outcomes.map(({ unresolved }) => unresolved)),
      results: outcomes.flatMap(({ results }) => results).slice(0, MAX_RESULTS),
    };
  };
}

function keyOf({ source, type, repository, tag }: Signal): string {
  return `${source} ${type} ${repositoryKey(repository)}:${tag}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
