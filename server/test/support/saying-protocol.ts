/** A protocol whose provider says whatever a test wants. What real providers say is tested with theirs. */
import type { Assertion } from '../../src/domain/identity/assertion.ts';
import type { Protocol, ProtocolOutcome, ProviderToAsk } from '../../src/identity/protocol.ts';
import { ProviderUnreachable } from '../../src/identity/protocol-problems.ts';

/** What the provider says of a person; everything else is plausible. */
export type Said = Partial<Assertion> & { readonly subject: string };

/** A protocol whose answer is in the address that comes back: `says`, or `error`. */
export const SAYING: Protocol = {
  readConfig: async (config) => ({ ...(config as object) }),
  start: async ({ id, config }, { state, isFresh }) => {
    if (config.isDown === true) throw new ProviderUnreachable('The provider did not answer within 5 s.');
    return { location: `https://idp.test/${id}?state=${state}&fresh=${isFresh}`, keep: { state, provider: id } };
  },
  finish: async (provider, keep, incoming) => answerOf(provider, keep, incoming),
};

function answerOf(provider: ProviderToAsk, keep: Readonly<Record<string, string>>, incoming: URLSearchParams): ProtocolOutcome {
  const state = incoming.get('state') ?? incoming.get('RelayState');
  if (keep.state !== state || keep.provider !== provider.id) throw new Error('a flow was mixed up with another');
  const error = incoming.get('error');
  if (error !== null) return { is: 'refused', code: error, words: 'No.', checks: [], claims: null };
  const said = JSON.parse(incoming.get('says') ?? '{}') as Said;
  const assertion: Assertion = {
    ...{ organizationId: provider.organizationId, providerId: provider.id },
    ...{ email: null, emailVerified: true, name: null, groups: null, groupsTruncated: false, secondFactor: false },
    ...{ sid: null, authenticatedAtMs: Date.now() + 1_000 * 86_400 * 365, claims: { sub: said.subject } },
    ...said,
  };
  return { is: 'asserted', assertion, checks: [{ name: 'signature', ok: true, words: 'signed by a test' }] };
}
