/** Which objects of a notice somebody has seen and closed, in this browser. */

const PLACE = 'headgate-seen-';
const KEPT = 1_000;

export function readNotice(name: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE + name) ?? '[]');
    return new Set(Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : []);
  } catch {
    // Storage can be forbidden, and what stands there can be anybody's: then nothing was seen.
    return new Set();
  }
}

export function writeNotice(name: string, ids: ReadonlySet<string>): void {
  try {
    localStorage.setItem(PLACE + name, JSON.stringify([...ids].slice(0, KEPT)));
  } catch {
    // Without storage the notice comes again with the next page, and nothing else is lost.
  }
}
