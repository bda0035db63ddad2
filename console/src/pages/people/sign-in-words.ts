import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

type Account = Schema<'Account'>;
type Method = Schema<'AccountSignIn'>['methods'][number];

const MADE: Readonly<Record<Account['made']['how'], string>> = words.made;

/** Says how an account was created, and by whom. */
export function madeWords({ how, by_name: name }: Account['made']): string {
  if (name === null) return MADE[how];
  return how === 'platform_admin' ? name : words.howFrom(MADE[how], name);
}

const PROOFS: Readonly<Record<NonNullable<Account['address_proof']>['how'], string>> = words.proofs;

/** Says how an address was proved, and by whom if it was somebody else. */
export function proofWords({ how, by_name: name }: NonNullable<Account['address_proof']>): string {
  return how === 'mail' || how === 'operator' ? PROOFS[how] : words.howBy(PROOFS[how], name);
}

const KINDS: Readonly<Record<Method['kind'], string>> = words.kinds;

export function methodWords({ kind, name }: Pick<Method, 'kind' | 'name'>): string {
  return name === null ? KINDS[kind] : `${KINDS[kind]} “${name}”`;
}

const HOW: Readonly<Record<NonNullable<Method['how']>, string>> = words.addedHow;

/** Says how a sign-in method was added. */
export function addedWords(how: Method['how']): string {
  return how === null ? words.notKnown : HOW[how];
}
