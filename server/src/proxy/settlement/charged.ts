import type { KeyConfig } from '../../domain/tenancy/tenancy.ts';
import type { Dimensions } from '../../ledger/records.ts';

/** Who is charged for a call with this key as it is configured now, under the name it called. */
export function chargedFor(config: KeyConfig, calledName: string): Dimensions {
  return Object.freeze({
    organizationId: config.organizationId,
    teamId: config.teamId,
    keyId: config.id,
    memberId: memberIdOf(config),
    serviceAccountId: config.owner.is === 'service_account' ? config.owner.serviceAccountId : null,
    calledName,
  });
}

/** `mem_…` of the person who owns the key; null: a service account does. */
export function memberIdOf({ owner }: KeyConfig): string | null {
  return owner.is === 'member' ? owner.memberId : null;
}
