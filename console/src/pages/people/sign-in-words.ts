import type { Schema } from '../../api/client.ts';

type Account = Schema<'Account'>;
type Method = Schema<'AccountSignIn'>['methods'][number];

const MADE: Readonly<Record<Account['made']['how'], string>> = {
  handed_link: 'An invitation link given by hand',
  mailed_link: 'An invitation by e-mail',
  first_admin_link: 'The operator’s first-admin link',
  platform_admin: 'A platform admin',
  earlier: 'Not known (older than this record)',
};

/** Says how an account was created, and by whom. */
export function madeWords({ how, by_name: name }: Account['made']): string {
  if (name === null) return MADE[how];
  return how === 'platform_admin' ? name : `${MADE[how]}, from ${name}`;
}

const PROOFS: Readonly<Record<NonNullable<Account['address_proof']>['how'], string>> = {
  mail: 'By e-mail',
  operator: 'By the operator',
  platform_admin: 'Vouched for',
  identity_provider: 'By an identity provider',
};

/** Says how an address was proved, and by whom if it was somebody else. */
export function proofWords({ how, by_name: name }: NonNullable<Account['address_proof']>): string {
  return how === 'mail' || how === 'operator' ? PROOFS[how] : `${PROOFS[how]} by ${name}`;
}

const KINDS: Readonly<Record<Method['kind'], string>> = {
  password: 'Password',
  passkey: 'Passkey',
  authenticator: 'Authenticator app',
};

export function methodWords({ kind, name }: Pick<Method, 'kind' | 'name'>): string {
  return name === null ? KINDS[kind] : `${KINDS[kind]} “${name}”`;
}

const HOW: Readonly<Record<NonNullable<Method['how']>, string>> = {
  handed_invitation: 'By an invitation link given by hand',
  mailed_invitation: 'By an invitation that was e-mailed',
  handed_reset: 'By a reset link that a platform admin made',
  mailed_reset: 'By a reset link that was e-mailed',
  first_admin_link: 'By the operator’s first-admin link',
  shown_again: 'Signed in, with the password or a passkey shown again',
};

/** Says how a sign-in method was added. */
export function addedWords(how: Method['how']): string {
  return how === null ? 'Not known (older than this record)' : HOW[how];
}
