import { z } from 'zod';
import { ADDRESS_PROOFS, METHOD_ORIGINS } from '../../domain/tenancy/address.ts';
import { isOwn } from '../../domain/tenancy/permission.ts';
import { addProof, listProofs, provedSince } from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { change } from '../http/change.ts';
import { idParams, instantOut, isoOrNull } from '../http/fields.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { accountObject, accountOut, loadAccount, viewAccount, viewProof } from './account-view.ts';

/** How an account's address was proved and how it signs in, and a platform admin's word for an address. */

const REASON_LENGTH_MAX = 500;

export const readSignIn = route({
  summary: 'Read how an account signs in and how its addresses were proved',
  permission: 'platform.read',
  params: idParams,
  response: z
    .object({
      methods: z.array(
        z.object({
          id: z.string(),
          kind: z.enum(['password', 'passkey', 'authenticator']),
          name: z.string().nullable(),
          added_at: instantOut
            .nullable()
            .meta({ description: 'Of a password: when it was last set. Null: before this was kept.' }),
          how: z.enum(METHOD_ORIGINS).nullable().meta({ description: 'Null: before this was kept.' }),
          before_proof: z.boolean().meta({
            description:
              'Whether it was added before the address was proved, so perhaps by somebody else. The next password reset removes it.',
          }),
        }),
      ),
      proofs: z.array(
        z.object({
          address: z.string(),
          how: z.enum(ADDRESS_PROOFS),
          at: instantOut,
          by: z.string(),
          by_name: z.string(),
          reason: z.string().nullable(),
        }),
      ),
    })
    .meta({ id: 'AccountSignIn' }),
  load: loadAccount,
  handle: async (call, { id }) => {
    const { db } = call.deps;
    const since = await provedSince(db, id);
    const methods = await signIn.listMethods(db, id);
    return {
      methods: methods.map(({ addedAt, ...method }) => ({
        ...method,
        added_at: isoOrNull(addedAt),
        before_proof: since === null || (addedAt !== null && addedAt < since),
      })),
      proofs: (await listProofs(db, id)).map((proof) => ({ address: proof.address, ...viewProof(proof) })),
    };
  },
});

export const vouch = route({
  summary: 'Vouch for the address of an account',
  description:
    'For who cannot be reached by mail: the caller knows that whoever uses the account owns its address. The reason stays with the account and in the audit log. Nobody vouches for their own address.',
  permission: 'accounts.manage',
  params: idParams,
  body: z.strictObject({ reason: z.string().trim().min(1).max(REASON_LENGTH_MAX) }),
  response: accountOut,
  load: loadAccount,
  handle: async (call, row) => {
    if (isOwn(call.actor, { organizationId: null, ownerAccountId: row.id }))
      throw conflict('Nobody vouches for their own address. Ask another platform admin.');
    const { reason } = call.body;
    await change(call, async ({ tx, now, record }) => {
      if ((await provedSince(tx, row.id)) !== null) throw conflict('The address of this account is proved already.');
      await addProof(tx, { accountId: row.id, address: row.email, how: 'platform_admin', at: now, by: call.actor, reason });
      await record({
        ...accountObject(row),
        action: 'account.address_vouch',
        before: null,
        after: { address: row.email, reason },
      });
    });
    return viewAccount(call, row);
  },
});
