import { redactSecrets } from '../../lib/redact.ts';

/** Takes secrets out of texts that somebody else wrote, also if they repeat only a part of one, or write it in another form. */

/** The mark in place of a secret. */
export const MARK = '[redacted]';

/** A part of a secret with this many characters is taken out with the whole word around it. */
const PART_CHARS = 6;
const SECRET_CHARS_MAX = 20_000;
/** A character of a word of a secret, in base64, percent-encoding and JWTs too. */
const IN_WORD = /[\w+/=.~%*•…-]/;

export interface Secrets {
  /** Returns a text without the secrets, without their parts, and without what looks like one. */
  without(text: string): string;
  /** The length of the longest secret, in characters. */
  readonly longest: number;
}

/** Prepares the search for these secrets. */
export function secretsOf(texts: Iterable<string>): Secrets {
  const all = [...new Set([...texts].filter((text) => text !== '').flatMap(formsOf))];
  const parts = new Set<string>();
  for (const text of all) {
    const low = text.toLowerCase().slice(0, SECRET_CHARS_MAX);
    for (let at = 0; at + PART_CHARS <= low.length; at += 1) parts.add(low.slice(at, at + PART_CHARS));
  }
  const short = all.filter((text) => text.length < PART_CHARS);
  return {
    longest: Math.max(0, ...all.map(({ length }) => length)),
    without(text) {
      let clean = text;
      for (const secret of short) clean = clean.replaceAll(secret, MARK);
      return redactSecrets(withoutParts(clean, parts), null).replace(MASKED, MARK);
    },
  };
}

/** A key of which the vendor shows some characters: `sk-ab***yz`. */
const MASKED = /[\w-]*(?:\*{2,}|•{2,}|…)[\w*•…-]*/g;

/** Returns the forms in which an answer may repeat a secret. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    [...secret].reverse().join(''),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    // As a name or a password in Basic, where the colon shifts the rest.
    ...[1, 2].map((shift) =>
      Buffer.from(`${'x'.repeat(shift)}${secret}`)
        .toString('base64')
        .slice(4, -4),
    ),
  ].filter((text) => text !== '');
}

/** Replaces each word that has a part of a secret in it. */
function withoutParts(text: string, parts: ReadonlySet<string>): string {
  if (parts.size === 0) return text;
  const low = text.toLowerCase();
  // A letter whose small form is longer would shift what follows. Such a text is not shown.
  if (low.length !== text.length) return MARK;
  let clean = '';
  let at = 0;
  let shown = 0;
  while (at + PART_CHARS <= low.length) {
    if (!parts.has(low.slice(at, at + PART_CHARS))) {
      at += 1;
      continue;
    }
    let from = at;
    while (from > shown && IN_WORD.test(text[from - 1] as string)) from -= 1;
    let to = at + PART_CHARS;
    while (to < text.length && (IN_WORD.test(text[to] as string) || parts.has(low.slice(to - PART_CHARS + 1, to + 1)))) to += 1;
    clean += text.slice(shown, from) + MARK;
    shown = to;
    at = to;
  }
  return clean + text.slice(shown);
}
