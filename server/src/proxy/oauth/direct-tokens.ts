/** Tokens of trusted issuers in place of a key's secret, where an issuer allows it. */
import { KeysUnreachable } from '../../identity/workload/issuer-keys.ts';
import { findKey } from '../../store/configuration/key-config.ts';
import { serviceUnavailable } from '../refusal.ts';
import type { FoundSecret } from '../snapshot/cached-secret.ts';
import type { RefusedProof } from '../snapshot/refused-proofs.ts';
import type { ExchangeParts } from './exchange-grant.ts';
import { resolveToken, type WantedOfToken } from './resolve-token.ts';
import { keyOfRule } from './rule-key.ts';

/** The longest time for which a proved token is not proved again. Changes of its rule, issuer or organization end it at once. */
const CACHED_MS_MAX = 5 * 60_000;
/** The most tokens of one issuer that are proved in a minute, on one process. It bounds the memory that proved tokens take. */
const PROVED_MAX = 6_000;

const DIRECT: WantedOfToken = { use: 'direct', ruleId: null, organization: null, serviceAccountId: null, teamId: null };

/** Finds the key that a token opens, or says why it opens none. Throws a refusal if nobody can tell now. */
export async function findByToken(token: string, parts: ExchangeParts): Promise<FoundSecret | RefusedProof | null> {
  try {
    const resolved = await resolveToken(token, DIRECT, parts);
    if (resolved.is === 'refused') return { refused: resolved.words };
    if (parts.attempts.take(`direct ${resolved.trust.issuer.id}`, PROVED_MAX) > 0)
      throw serviceUnavailable('The issuer of this token sent too many new tokens in this minute. Try again in a moment.');
    const made = await keyOfRule(resolved, parts, { ip: null, requestId: null }, async () => {});
    if (made.is === 'refused') return { refused: made.words };
    const key = await findKey(parts.db, { organizationId: resolved.rule.organizationId, keyId: made.keyId });
    if (key === null) return null;
    return { key, secretValidUntilMs: Math.min(resolved.expiresAtMs, parts.clock.nowMs() + CACHED_MS_MAX), isProof: true };
  } catch (error) {
    throw error instanceof KeysUnreachable ? serviceUnavailable(error.message) : error;
  }
}
