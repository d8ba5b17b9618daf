/**
 * How many letters must be added, removed or replaced to turn `a` into `b` (Levenshtein), or undefined when it is
 * more than `limit`.
 */
export function editDistanceUpTo(limit: number, a: string, b: string): number | undefined {
  if (Math.abs(a.length - b.length) > limit) return undefined;
  let distances: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const letter of a) {
    distances = nextRow(distances, letter, b);
    if (Math.min(...distances) > limit) return undefined;
  }
  const distance = distances[b.length] ?? Infinity;
  return distance <= limit ? distance : undefined;
}

function nextRow(above: readonly number[], letter: string, b: string): readonly number[] {
  let left = (above[0] ?? 0) + 1;
  const row = [left];
  for (let column = 1; column <= b.length; column += 1) {
    const replaced = (above[column - 1] ?? 0) + (b[column - 1] === letter ? 0 : 1);
    left = Math.min(left + 1, replaced, (above[column] ?? 0) + 1);
    row.push(left);
  }
  return row;
}
