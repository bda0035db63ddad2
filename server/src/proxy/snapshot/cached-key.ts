import type { OutputHistory } from '../../domain/limits/hold.ts';
import type { KeyConfig, MemberConfig, OrganizationConfig, TeamConfig } from '../../domain/tenancy/tenancy.ts';

/** A holder for an organization, which all its keys share. Its content is replaced as a whole. */
export interface OrganizationHolder {
  config: OrganizationConfig | null;
}

/** A key in the cache. Its organization, team and member are replaced as a whole, never changed in place. */
export interface CachedKey {
  config: KeyConfig;
  readonly holder: OrganizationHolder;
  readonly histories: Map<string, OutputHistory>;
  /** A cache of entitlements by called name, typed by its only user (entitlement.ts). It is evicted with the key. */
  readonly entitlements: Map<string, unknown>;
  team: TeamConfig | null;
  member: MemberConfig | null;
  lastUsedMs: number;
}

/** Returns the organization's time zone; UTC if the organization is unknown. */
export function zoneOf({ config }: OrganizationHolder): string {
  return config?.timeZone ?? 'UTC';
}

/** Replaces a key's configuration, and the team and member that it now belongs to. */
export function replaceKey(key: CachedKey, config: KeyConfig): void {
  const organization = key.holder.config;
  key.config = config;
  key.team = organization?.teams.get(config.teamId) ?? null;
  key.member = config.owner.is === 'member' ? (organization?.members.get(config.owner.memberId) ?? null) : null;
}
