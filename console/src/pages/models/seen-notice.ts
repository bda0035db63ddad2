/** The objects of a notice that somebody has seen and closed in this browser. */

const PLACE = 'headgate-seen-';
const KEPT = 1_000;

export function readNotice(name: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PLACE + name) ?? '[]');
    return new Set(Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : []);
  } catch {
    // The browser can forbid storage, and other code can write to it. Then nothing was seen.
    return new Set();
  }
}

export function writeNotice(name: string, ids: ReadonlySet<string>): void {
  try {
    localStorage.setItem(PLACE + name, JSON.stringify([...ids].slice(0, KEPT)));
  } catch {
    // Without storage the notice returns with the next page, which does no other harm.
  }
}
