/**
 * What two versions begin with alike, and what of each is left. They are cut between parts (`1.25.` + `0`), never inside
 * a number.
 */
export function splitCommon(from: string, to: string): readonly [common: string, from: string, to: string] {
  const [a, b] = [partsOf(from), partsOf(to)];
  let count = 0;
  while (count < a.length && a[count] === b[count]) count += 1;
  return [a.slice(0, count).join(''), a.slice(count).join(''), b.slice(count).join('')];
}

function partsOf(version: string): readonly string[] {
  return version.match(/[A-Za-z]+|\d+|[^A-Za-z\d]/g) ?? [];
}
