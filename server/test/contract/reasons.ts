/** Why a gateway refuses what its schema allows: rules that no schema can state, because they are about what is stored, or about the time. */

const REASONS: readonly (readonly [refusal: RegExp, why: string])[] = [
  [
    /there is no |does not exist|is not known|must be (an?|the) [a-z -]+ of (this|the same)/,
    'it names what does not exist there',
  ],
];

/** Returns why a refusal is not in the schema, or null if it should be. */
export function reasonFor(what: string): string | null {
  return REASONS.find(([refusal]) => refusal.test(what))?.[1] ?? null;
}
