/**
 * Returns how many letters must be added, removed, changed or swapped with their neighbour to make one text the other (optimal string
 * alignment distance). Its time grows with the product of their lengths: bound them.
 */
export function lettersBetween(one: string, other: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const changed = (last[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const least = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, changed);
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row.push(isSwapped ? Math.min(least, (before[j - 2] as number) + 1) : least);
    }
    before = last;
    last = row;
  }
  return last[other.length] as number;
}
