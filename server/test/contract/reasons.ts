/** Why a gateway refuses what its schema allows: rules that no schema can state, because they are about what is stored, or about the time. */

const REASONS: readonly (readonly [refusal: RegExp, why: string])[] = [
  [/must be an IANA time zone/, 'the database of time zones has no such name; its names change with it'],
  [/must be an IP address or a CIDR range/, 'short forms of IPv6 are too many for a pattern'],
  [/ascending order/, 'a schema cannot compare the items of a list'],
  [/must not contain NUL characters or unpaired surrogates/, 'metadata may hold any JSON, but no NUL at any depth'],
  [/must have at most 16384 bytes/, 'a schema cannot count the bytes of JSON'],
];

/** Returns why a refusal is not in the schema, or null if it should be. */
export function reasonFor(what: string): string | null {
  return REASONS.find(([refusal]) => refusal.test(what))?.[1] ?? null;
}
