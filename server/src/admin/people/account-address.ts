import { z } from 'zod';
import { ADDRESS_PROOFS, METHOD_ORIGINS } from '../../domain/tenancy/address.ts';
import { isOwn } from '../../domain/tenancy/permission.ts';
import { addProof, listProofs, provedSince } from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { change } from '../http/change.ts';
import { idParams, instantOut, isoOrNull } from '../http/fields.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { trimmedText } from '../http/schemas.ts';
import { accountObject, accountOut, loadAccount, viewAccount, viewProof } from './account-view.ts';

/** Reads how an account signs in and how its address was proved, and lets a platform admin vouch for an address. */

const REASON_LENGTH_MAX = 500;

export const readSignIn = route({
  summary: 'Get an account’s sign-in methods and address proofs',
  description: 'Returns how the person signs in, and for whom their e-mail address is proved.',
  permission: 'platform.read',
  params: idParams,
  response: z
    .object({
      methods: z.array(
        z.object({
          id: z.string(),
          kind: z.enum(['password', 'passkey', 'authenticator']),
          name: z.string().nullable(),
          added_at: instantOut.nullable().meta({
            description: 'The time at which it was added; for a password, when it was last set. Null if this was not recorded.',
          }),
          how: z.enum(METHOD_ORIGINS).nullable().meta({ description: 'How it was added. Null if this was not recorded.' }),
          before_proof: z.boolean().meta({
            description:
              'True if it was added before the address was proved, so perhaps by another person. The next password reset removes it.',
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
    'Use it for people whom mail cannot reach. The caller confirms that the person who uses the account owns its address. The account and the audit log keep the reason. Nobody can vouch for their own address.',
  permission: 'accounts.manage',
  params: idParams,
  body: z.strictObject({ reason: trimmedText(REASON_LENGTH_MAX) }),
  response: accountOut,
  load: loadAccount,
  handle: async (call, row) => {
    if (isOwn(call.actor, { organizationId: null, ownerAccountId: row.id }))
      throw conflict('You cannot vouch for your own address. Ask another platform admin.');
    const { reason } = call.body;
    await change(call, async ({ tx, now, record }) => {
      if ((await provedSince(tx, row.id)) !== null) throw conflict('The address of this account is already proved.');
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
