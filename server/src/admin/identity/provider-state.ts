import { z } from 'zod';
import { endEvidenceOfProvider } from '../../store/identity/evidence.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import * as policies from '../../store/identity/sign-in-policies.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, Rehearsed } from '../http/change.ts';
import { flag } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { loadProvider, lockOne, providerParams } from './load-provider.ts';
import { auditedProvider, providerEvent, providerOut, viewProvider } from './provider-view.ts';

/** The states of an identity provider: people sign in by an active one. */

export const activate = route({
  summary: 'Activate an identity provider',
  description: 'People can sign in by it from now on. A test must have passed with its configuration.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: providerParams,
  response: providerOut,
  load: loadProvider,
  handle: async (call, key) => {
    const row = await change(call, async (change) => {
      const row = await lockOne(change, key);
      requireVersion(call, row.version);
      if (row.state === 'active') return row;
      if (row.testedAt === null) throw conflict(untestedWords(row));
      return setState(change, row, 'active');
    });
    return viewProvider(row, call.deps.publicUrl);
  },
});

/** Says what is missing before a provider that no test passed for can be activated. */
function untestedWords({ name, protocol, config }: ProviderRow): string {
  return protocol === 'oidc' && config.client_id === undefined
    ? `${name} has no client ID yet. Enter the client ID that the provider gave to the application, then test the connection.`
    : 'Test the configuration first: a test must pass before people sign in by it.';
}

/** The people who lose their way in if a provider is switched off or deleted. */
export const stopEffectOut = z
  .object({
    effect: z.object({
      sessions_ended: z.int().meta({ description: 'Browsers that must sign in again to open the organization.' }),
    }),
  })
  .meta({ id: 'IdentityProviderStopEffect' });
export const stopQuery = z.strictObject({
  dry_run: flag.meta({ description: 'If true, stores nothing and returns `{"effect": …}`.' }),
});

export const switchOff = route({
  summary: 'Switch an identity provider off',
  description:
    'Nobody can sign in by it, and what it has shown no longer counts. Links stay. The last active provider cannot be switched off while a sign-in through one is required.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: providerParams,
  query: stopQuery,
  response: providerOut,
  rehearsal: stopEffectOut,
  load: loadProvider,
  handle: async (call, key) => {
    const { row } = await stopping(call, async (change) => {
      const row = await lockOne(change, key);
      requireVersion(call, row.version);
      await requireNotRequired(change, row);
      return { row: row.state === 'off' ? row : await setState(change, row, 'off'), key };
    });
    return viewProvider(row, call.deps.publicUrl);
  },
});

/** Makes a change that ends what a provider has shown, or rehearses it. */
export async function stopping<T extends { readonly key: providers.ProviderKey }>(
  call: AdminCall<unknown, z.output<typeof stopQuery>, unknown>,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  return change(call, async (change) => {
    const done = await work(change);
    const ended = await endEvidenceOfProvider(change.tx, done.key.id);
    if (call.query.dry_run === true) throw new Rehearsed({ effect: { sessions_ended: ended } });
    return done;
  });
}

/** Throws 409 if this is the last active provider of an organization that requires one. */
export async function requireNotRequired({ tx }: Change, row: ProviderRow): Promise<void> {
  if (row.state !== 'active') return;
  if ((await policies.find(tx, row.organizationId))?.signIn !== 'sso') return;
  const others = (await providers.list(tx, row.organizationId)).filter(({ id, state }) => state === 'active' && id !== row.id);
  if (others.length > 0) return;
  throw conflict(
    'The organization requires a sign-in through an identity provider, and this is its last active one. Set the sign-in policy to “any” first.',
  );
}

async function setState({ tx, now, record }: Change, row: ProviderRow, state: ProviderRow['state']): Promise<ProviderRow> {
  const updated = await providers.update(tx, row, { state }, now);
  const [before, after] = [auditedProvider(row), auditedProvider(updated)];
  await record({
    ...providerEvent(row),
    action: `identity_provider.${state === 'active' ? 'activate' : 'switch_off'}`,
    before,
    after,
  });
  return updated;
}
