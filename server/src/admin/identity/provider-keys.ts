import { z } from 'zod';
import * as providers from '../../store/identity/identity-providers.ts';
import { change } from '../http/change.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { loadProvider, lockOne, providerParams } from './load-provider.ts';
import { providerEvent, providerKeyOut, viewKey } from './provider-view.ts';

/** The keys by which an identity provider signs. One that waits counts only after a person accepts it. */

const keysOut = z.object({ data: z.array(providerKeyOut) });

export const list = route({
  summary: 'List the keys of an identity provider',
  description: `Returns the keys and certificates by which it signs, oldest first, at most ${providers.KEYS_MAX}.`,
  permission: 'identity.manage',
  params: providerParams,
  response: keysOut,
  load: loadProvider,
  handle: async ({ deps }, row) => ({ data: (await providers.listKeys(deps.db, row)).map(viewKey) }),
});

export const replace = route({
  summary: 'Accept or remove keys of an identity provider',
  description:
    'Sets the state of the named keys; others stay. `trusted` accepts a key that waits or was removed. `gone` stops trusting one, however often the provider lists it, until it is accepted again. Compare the fingerprint with the provider’s own page first.',
  permission: 'identity.manage',
  params: providerParams,
  body: z.strictObject({
    keys: z.array(z.strictObject({ id: text(200, 1), state: z.enum(['trusted', 'gone']) })).max(providers.KEYS_MAX),
  }),
  response: keysOut,
  load: loadProvider,
  handle: async (call, found) => {
    await change(call, async (change) => {
      const row = await lockOne(change, found);
      const before = new Map((await providers.listKeys(change.tx, row)).map((key) => [key.id, key.state]));
      for (const { id: keyId, state } of call.body.keys) {
        if (!(await providers.setKeyState(change.tx, { ...row, keyId }, state))) throw notFound('key of this identity provider');
      }
      const named = call.body.keys.map(({ id }) => id);
      await change.record({
        ...providerEvent(row),
        action: 'identity_provider.keys',
        before: Object.fromEntries(named.map((id) => [id, before.get(id) ?? null])),
        after: Object.fromEntries(call.body.keys.map(({ id, state }) => [id, state])),
      });
    });
    return { data: (await providers.listKeys(call.deps.db, found)).map(viewKey) };
  },
});
