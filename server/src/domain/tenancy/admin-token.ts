/** An admin token is never more than its maker: who one belongs to, and whether it may act now. */
import { coversRole, type RoleGrant } from './permission.ts';

/** A person as the rule sees them. */
export interface TokenPerson {
  readonly isActive: boolean;
  /** What they hold now, on the platform and in organizations. */
  readonly roles: readonly RoleGrant[];
}

/** Who a token belongs to. A person who is null has no account any more. */
export type TokenOwner =
  | { readonly is: 'account'; readonly maker: TokenPerson | null }
  | { readonly is: 'service_account'; readonly isActive: boolean; readonly responsible: TokenPerson | null }
  /** The configured one, those of the recovery commands, and those made with one of them. */
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

/** Whether a token may act. A stopped one can act again: when its organization is reactivated, or somebody takes it over. */
export type TokenStanding =
  | { readonly is: 'active' }
  | { readonly is: 'revoked' }
  | { readonly is: 'expired' }
  | { readonly is: 'stopped'; readonly by: 'maker' | 'responsible' | 'service_account' | 'organization' };

/** Judges a token by its owner's present roles. A token that is active holds its role whole, because its owner covers all of it. */
export function standingOfToken(token: TokenFacts, nowMs: number): TokenStanding {
  if (token.revokedAtMs !== null) return { is: 'revoked' };
  if (token.expiresAtMs !== null && token.expiresAtMs <= nowMs) return { is: 'expired' };
  if (token.owner.is === 'nobody' && token.owner.endsAtMs <= nowMs) return { is: 'expired' };
  const by = stoppedBy(token);
  return by === null ? { is: 'active' } : { is: 'stopped', by };
}

/** Whether a person could hold a token's role today. */
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
