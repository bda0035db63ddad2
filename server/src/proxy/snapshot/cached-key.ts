import type { OutputHistory } from '../../domain/limits/hold.ts';
import type { KeyConfig, MemberConfig, OrganizationConfig, TeamConfig } from '../../domain/tenancy/tenancy.ts';

/** The organization of many callers: one holder, whose content is replaced whole. */
export interface OrganizationHolder {
  config: OrganizationConfig | null;
}

/** A key in the cache. What it belongs to is replaced whole, never changed in place. */
export interface CachedKey {
  config: KeyConfig;
  readonly holder: OrganizationHolder;
  readonly histories: Map<string, OutputHistory>;
  /** What was worked out of it by called name: known to those who work it out. It goes with the key. */
  readonly entitlements: Map<string, unknown>;
  team: TeamConfig | null;
  member: MemberConfig | null;
  lastUsedMs: number;
}

/** UTC where the organization is not known. */
export function zoneOf({ config }: OrganizationHolder): string {
  return config?.timeZone ?? 'UTC';
}

/** Puts a key's configuration in place with the team and member it belongs to now. */
export function replaceKey(key: CachedKey, config: KeyConfig): void {
  const organization = key.holder.config;
  key.config = config;
  key.team = organization?.teams.get(config.teamId) ?? null;
  key.member = config.owner.is === 'member' ? (organization?.members.get(config.owner.memberId) ?? null) : null;
}
