import type { KeyConfig } from '../../domain/tenancy/tenancy.ts';
import type { Dimensions } from '../../ledger/records.ts';

/** Returns the dimensions to charge for a call with this key as configured now, under the called name. Frozen. */
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

/** Returns the member id (`mem_…`) of the key's owner; null if a service account owns it. */
export function memberIdOf({ owner }: KeyConfig): string | null {
  return owner.is === 'member' ? owner.memberId : null;
}
