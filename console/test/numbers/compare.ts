/** Compares what a page shows with what it should, and counts. */

export interface Tally {
  compared: number;
  readonly differences: string[];
}

const WAIT_MS = 8_000;
const PAUSE_MS = 40;

/**
 * Reads until everything is as expected, or for 8 s: names and answers arrive one after the other. Then counts every number, and
 * each that is still another.
 */
export async function expectNumbers(
  tally: Tally,
  where: string,
  expected: readonly string[],
  read: () => Promise<readonly string[]>,
): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  let seen = await read();
  while (String(seen) !== String(expected) && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    seen = await read();
  }
  tally.compared += expected.filter((text) => /\d/.test(text)).length;
  for (let at = 0; at < Math.max(seen.length, expected.length); at += 1) {
    if (seen[at] === expected[at]) continue;
    tally.differences.push(
      `${where}, number ${at + 1}: it shows ${seen[at] ?? 'nothing'}, and ${expected[at] ?? 'nothing'} is right`,
    );
  }
}
