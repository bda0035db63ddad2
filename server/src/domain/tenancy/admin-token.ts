/** Rules for admin tokens: the owner of a token, and whether it may act now. A token never has more rights than its maker. */
import { coversRole, type RoleGrant } from './permission.ts';

/** The facts about a person that the rules read. */
export interface TokenPerson {
  readonly isActive: boolean;
  /** The roles they hold now, on the platform and in organizations. */
  readonly roles: readonly RoleGrant[];
}

/** The owner of a token. A person who is null no longer has an account. */
export type TokenOwner =
  | { readonly is: 'account'; readonly maker: TokenPerson | null }
  | { readonly is: 'service_account'; readonly isActive: boolean; readonly responsible: TokenPerson | null }
  /** The configured token, those of the recovery commands, and those made with one of them. */
  | { readonly is: 'installation' }
  | { readonly is: 'nobody'; readonly endsAtMs: number };

export interface TokenFacts {
  readonly grant: RoleGrant;
  readonly revokedAtMs: number | null;
  readonly expiresAtMs: number | null;
  /** Null for a token of the platform. */
  readonly organization: 'active' | 'suspended' | 'archived' | 'deleted' | null;
  readonly owner: TokenOwner;
}

/**
 * The state of a token; only an active one may act. A stopped token can become active again, if its organization is reactivated
 * or somebody takes it over.
 */
export type TokenStanding =
  | { readonly is: 'active' }
  | { readonly is: 'revoked' }
  | { readonly is: 'expired' }
  | { readonly is: 'stopped'; readonly by: 'maker' | 'responsible' | 'service_account' | 'organization' };

/**
 * Returns the state of a token by its owner's present roles. An active token holds its whole role, because its owner covers all
 * of it.
 */
export function standingOfToken(token: TokenFacts, nowMs: number): TokenStanding {
  if (token.revokedAtMs !== null) return { is: 'revoked' };
  if (token.expiresAtMs !== null && token.expiresAtMs <= nowMs) return { is: 'expired' };
  if (token.owner.is === 'nobody' && token.owner.endsAtMs <= nowMs) return { is: 'expired' };
  const by = stoppedBy(token);
  return by === null ? { is: 'active' } : { is: 'stopped', by };
}

/** Reports whether a person could hold a token's role now. */
export function mayHold(person: TokenPerson | null, grant: RoleGrant): boolean {
  return person?.isActive === true && coversRole({ roles: person.roles, accountId: null }, grant);
}

function stoppedBy({
  owner,
  grant,
  organization,
}: TokenFacts): 'maker' | 'responsible' | 'service_account' | 'organization' | null {
  if (organization !== null && organization !== 'active') return 'organization';
  switch (owner.is) {
    case 'account':
      return mayHold(owner.maker, grant) ? null : 'maker';
    case 'service_account':
      if (!owner.isActive) return 'service_account';
      return mayHold(owner.responsible, grant) ? null : 'responsible';
    case 'installation':
    case 'nobody':
      return null;
  }
}
