import { rememberAppended } from '../store/audit/audit.ts';
import * as providers from '../store/identity/identity-providers.ts';
import * as policies from '../store/identity/sign-in-policies.ts';
import type { Given } from './command.ts';
import { appendAsOperator, type OperatorContext } from './operator-context.ts';
import { CommandFailed, EXIT } from './outcome.ts';

/** Lifts the requirement to sign in through an identity provider, for an organization whose owners cannot come in. */
export async function releaseSso({ db, audit, io }: OperatorContext, given: Given): Promise<void> {
  const named = given.operand('organization');
  const organization =
    (await providers.openOrganization(db, { id: named })) ?? (await providers.openOrganization(db, { slug: named }));
  if (organization === null) throw new CommandFailed(`There is no organization with the id or slug ${named}.`, EXIT.notAllowed);
  const now = new Date();
  const appended = await db.transaction(async (tx) => {
    const row = await policies.find(tx, organization.id);
    if (row?.signIn !== 'sso')
      throw new CommandFailed(
        `${organization.name} does not require a sign-in through an identity provider, so nothing was changed.`,
        EXIT.notAllowed,
      );
    const { organizationId: _, version: __, updatedAt: ___, ...columns } = row;
    await policies.save(tx, organization.id, { ...columns, signIn: 'any', enforcedAt: null, enforcedBy: null }, now);
    return appendAsOperator(tx, audit, now, {
      action: 'sign_in_policy.release',
      objectType: 'sign_in_policy',
      objectId: organization.id,
      objectName: organization.name,
      organizationId: organization.id,
      before: { sign_in: 'sso' },
      after: { sign_in: 'any' },
    });
  });
  await rememberAppended(audit, [appended]);
  io.out(
    `${organization.name} no longer requires a sign-in through an identity provider. Passwords and passkeys open it again.\n`,
  );
}
