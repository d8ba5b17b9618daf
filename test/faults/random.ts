import { createHash } from 'node:crypto';

/** Draws that a seed tells all of. */
export interface Draws {
  /** 0 <= x < 1 */
  next(): number;
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  chance(probability: number): boolean;
  /** One of them; throws where there are none. */
  pick<T>(choices: readonly T[]): T;
  /** All of them in another order. */
  shuffled<T>(choices: readonly T[]): readonly T[];
}

/** The same seed gives the same draws, on every machine: a hash of the seed and of how many there were before. */
export function drawsOf(seed: string): Draws {
  let count = 0;
  const next = (): number => {
    count += 1;
    const digest = createHash('sha256').update(`${seed}\n${count}`).digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  const pick = <T>(choices: readonly T[]): T => {
    const index = whole(0, choices.length - 1);
    const [choice] = choices.slice(index, index + 1);
    if (choice === undefined) throw new Error('there is nothing to choose from');
    return choice;
  };
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick,
    shuffled(choices) {
      const keyed = choices.map((choice) => ({ choice, key: next() }));
      return keyed.toSorted((a, b) => a.key - b.key).map(({ choice }) => choice);
    },
  };
}
