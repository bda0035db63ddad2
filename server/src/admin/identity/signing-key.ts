import { z } from 'zod';
import { ProviderUnreachable } from '../../identity/protocol-problems.ts';
import type { SamlProtocol } from '../../identity/protocols.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { requireVersion } from '../http/if-match.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { openSecret, sealSecret } from '../sso/provider-to-ask.ts';
import { loadProvider, lockOne, providerParams } from './load-provider.ts';
import { providerEvent } from './provider-view.ts';

/** Our key that signs the requests to a SAML provider. Each provider has its own. */

const signingKeysOut = z
  .object({
    data: z.array(
      z.object({
        id: z.string().meta({ description: 'The SHA-256 fingerprint of the certificate.' }),
        certificate: z.string().meta({ description: 'In PEM. Public.' }),
        made_at: z.string(),
        signs: z.boolean().meta({ description: 'True for the key that signs now.' }),
      }),
    ),
  })
  .meta({
    id: 'SamlSigningKeys',
    description: 'Our keys at a SAML provider: the present one and, while it is replaced, the next.',
  });

export const list = route({
  summary: 'List our keys that sign requests to a SAML provider',
  description: 'Returns the certificate of the key that signs now and, while it is replaced, that of the next.',
  permission: 'identity.manage',
  params: providerParams,
  response: signingKeysOut,
  load: loadProvider,
  // A provider of another protocol has none.
  handle: async (call, row) => (row.protocol === 'saml' ? viewKeys(samlOf(call, row), readSecret(call, row)) : { data: [] }),
});

export const replace = route({
  summary: 'Replace the key that signs requests to a SAML provider',
  description:
    '`add` makes the next key: our metadata lists both, and the present one still signs. Once the provider has read the metadata, `switch` drops the present key, and the next one signs.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: providerParams,
  body: z.strictObject({ step: z.enum(['add', 'switch']) }),
  response: signingKeysOut,
  load: loadProvider,
  handle: async (call, found) => {
    const saml = samlOf(call, found);
    const { step } = call.body;
    const before = readSecret(call, found);
    // A key takes a while to make, so it is made before the row is locked.
    const after = step === 'add' ? await saml.withNextKey(before) : saml.withoutOldKey(before);
    if (after === null) throw conflict('There is no next key. Add one first, and let the provider read our metadata.');
    await change(call, async (change) => {
      const row = await lockOne(change, found);
      requireVersion(call, row.version);
      if (!sameBytes(row.sealed, found.sealed)) throw conflict('Somebody else changed the key meanwhile. Try again.');
      const sealed = sealSecret(call.deps, row, after);
      // A configuration that waits for its test has the same keys.
      const next = row.nextConfig === null ? {} : { nextSealed: sealed };
      await providers.update(change.tx, row, { sealed, ...next }, change.now);
      await change.record({
        ...providerEvent(row),
        action: 'identity_provider.signing_key',
        before: { certificates: saml.ownCertificates(before).map(({ id }) => id) },
        after: { certificates: saml.ownCertificates(after).map(({ id }) => id) },
      });
    });
    return viewKeys(saml, after);
  },
});

/** Returns the opened secret. Throws 409 if it cannot be opened, as after the loss of the master key. */
function readSecret({ deps }: AdminCall<unknown, unknown, unknown>, row: ProviderRow): string | null {
  try {
    return openSecret(deps, row, row.sealed);
  } catch (error) {
    if (error instanceof ProviderUnreachable) throw conflict(error.message);
    throw error;
  }
}

function viewKeys(saml: SamlProtocol, secret: string | null): z.output<typeof signingKeysOut> {
  const certificates = saml.ownCertificates(secret);
  return {
    data: certificates.map(({ id, pem, madeAt }, at) => ({ id, certificate: pem, made_at: madeAt, signs: at === 0 })),
  };
}

function samlOf({ deps }: AdminCall<unknown, unknown, unknown>, { protocol }: ProviderRow): SamlProtocol {
  const { saml } = deps.protocols;
  if (protocol !== 'saml' || saml === undefined)
    throw conflict('Only SAML providers have a signing key of ours. This one speaks OpenID Connect.');
  return saml;
}

function sameBytes(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
