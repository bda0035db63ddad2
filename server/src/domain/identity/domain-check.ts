/** The rules of verified domains: which record proves one, and what a check of it means. */
import type { DomainState } from './words.ts';

const DAY_MS = 86_400_000;

/** The time for which a domain still counts after its record was first missed. */
export const GRACE_MS = 14 * DAY_MS;
/** The time after which its owners are told again, before the grace ends. */
const LAST_CALL_MS = 11 * DAY_MS;

/** The values of a TXT record. `none`: the DNS says that there is none. `failed`: it said nothing, which proves nothing. */
export type TxtAnswer =
  | { readonly is: 'found'; readonly values: readonly string[] }
  | { readonly is: 'none' }
  | { readonly is: 'failed'; readonly reason: string };

/** Looks up the TXT record of a name. Never rejects, and takes a few seconds at most. `asker` is an organization's id. */
export type TxtLookup = (name: string, asker: string) => Promise<TxtAnswer>;

/** The state of a domain, as far as a check reads and changes it. */
export interface DomainStanding {
  readonly state: DomainState;
  readonly verifiedAt: Date | null;
  readonly checkedAt: Date | null;
  readonly missingSince: Date | null;
  readonly problem: string | null;
}

/** A change that people hear of. `ending`: the grace ends within three days. */
export type DomainNews = 'verified' | 'missing' | 'ending' | 'lost' | 'found';

export interface CheckedDomain {
  readonly standing: DomainStanding;
  readonly news: DomainNews | null;
}

/** Returns the name of the TXT record that proves a domain. */
export function recordNameOf(domain: string): string {
  return `_headgate.${domain}`;
}

/** Returns the value that the record must have. */
export function recordValueOf(challenge: string): string {
  return `headgate-verify=${challenge}`;
}

/** Returns the state of a domain after a check. */
export function afterCheck(
  { domain, challenge, ...was }: DomainStanding & { readonly domain: string; readonly challenge: string },
  answer: TxtAnswer,
  now: Date,
): CheckedDomain {
  const before: DomainStanding = { ...pick(was), checkedAt: now };
  if (answer.is === 'failed') {
    const problem = `The DNS gave no answer for ${recordNameOf(domain)}: ${answer.reason}. This does not count as missing.`;
    const isLastCall = was.state === 'missing' && isLastCallNow(was, now);
    return { standing: { ...before, problem }, news: isLastCall ? 'ending' : null };
  }
  if (answer.is === 'found' && answer.values.includes(recordValueOf(challenge))) return found(before, now);
  return notFound(before, was, problemOf(domain, challenge, answer), now);
}

function found(before: DomainStanding, now: Date): CheckedDomain {
  const isNew = before.state === 'pending' || before.state === 'lost';
  const standing: DomainStanding = {
    ...before,
    state: 'verified',
    verifiedAt: isNew ? now : before.verifiedAt,
    missingSince: null,
    problem: null,
  };
  return { standing, news: isNew ? 'verified' : before.state === 'missing' ? 'found' : null };
}

function notFound(before: DomainStanding, was: DomainStanding, problem: string, now: Date): CheckedDomain {
  if (before.state === 'pending' || before.state === 'lost') return { standing: { ...before, problem }, news: null };
  if (before.state === 'verified' || before.missingSince === null)
    return { standing: { ...before, state: 'missing', missingSince: now, problem }, news: 'missing' };
  // Owners are told before the end, also if nothing ran for a while: the check that tells them never ends the grace.
  if (isLastCallNow(was, now)) return { standing: { ...before, problem }, news: 'ending' };
  if (now.getTime() < before.missingSince.getTime() + GRACE_MS) return { standing: { ...before, problem }, news: null };
  return { standing: { ...before, state: 'lost', missingSince: null, problem }, news: 'lost' };
}

/** Reports whether this is the first check after the time at which owners are told again. */
function isLastCallNow({ missingSince, checkedAt }: DomainStanding, now: Date): boolean {
  if (missingSince === null) return false;
  const atMs = missingSince.getTime() + LAST_CALL_MS;
  return now.getTime() >= atMs && (checkedAt === null || checkedAt.getTime() < atMs);
}

const SHOWN_MAX = 3;
const SHOWN_CHARS_MAX = 80;

/** Returns the sentence that names both sides: what was found, and what is expected. */
function problemOf(domain: string, challenge: string, answer: Extract<TxtAnswer, { is: 'found' | 'none' }>): string {
  const name = recordNameOf(domain);
  const expected = recordValueOf(challenge);
  if (answer.is === 'none' || answer.values.length === 0)
    return `There is no TXT record at ${name}. Create it with the value ${expected}. A new record can take up to an hour to appear.`;
  const shown = answer.values.slice(0, SHOWN_MAX).map(shownText).join(', ');
  const more = answer.values.length > SHOWN_MAX ? ` and ${answer.values.length - SHOWN_MAX} more` : '';
  return `The TXT record at ${name} says ${shown}${more}. Expected is ${expected}.`;
}

/** Returns a value from the DNS in quotes, bounded and without control characters. */
function shownText(value: string): string {
  const plain = value.replaceAll(/[^\x20-\x7e]/g, '?');
  return `"${plain.length > SHOWN_CHARS_MAX ? `${plain.slice(0, SHOWN_CHARS_MAX)}…` : plain}"`;
}

function pick({ state, verifiedAt, checkedAt, missingSince, problem }: DomainStanding): DomainStanding {
  return { state, verifiedAt, checkedAt, missingSince, problem };
}
