import type { AccessChoice, OrganizationAccess } from '../access/access.ts';
import type { TagPolicy } from '../access/tags.ts';
import type { Budget } from '../limits/budget.ts';
import type { ModelLimit, RateLimits } from '../limits/rate-limit.ts';

/** The four levels at which a request is limited, budgeted and narrowed, widest first. */
export const SCOPES = ['organization', 'team', 'user', 'key'] as const;
export type Scope = (typeof SCOPES)[number];

/** A scope's short name, used in codes, params and headers (`org_rpm`), where bodies say `organization`. */
export const SCOPE_CODES = { organization: 'org', team: 'team', user: 'user', key: 'key' } as const satisfies Record<
  Scope,
  string
>;

/** What every scope may carry. Frozen; replaced whole on a change. */
export interface ScopePolicy {
  readonly rateLimits: RateLimits;
  readonly modelLimits: readonly ModelLimit[];
  readonly budgets: readonly Budget[];
}

/** What the levels with tags carry beside. */
interface TaggedPolicy extends ScopePolicy {
  /** Absent or null: it adds no tags. */
  readonly tags?: TagPolicy | null;
}

export type OrganizationStatus = 'active' | 'suspended' | 'archived' | 'deleted';
export type AuditContentMode = 'off' | 'metadata' | 'redacted' | 'full';

/** An organization's content key as it is stored, and what wraps it: the installation's content key, or before that the master key itself. */
export interface WrappedContentKey {
  readonly bytes: Uint8Array;
  readonly by: 'master' | 'installation';
}

/** One organization as a request sees it: itself, its teams, members and service accounts. Keys are looked up one by one. */
export interface OrganizationConfig extends TaggedPolicy {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: OrganizationStatus;
  /** IANA zone: where this organization's days and budget periods begin. */
  readonly timeZone: string;
  readonly access: OrganizationAccess;
  readonly auditContent: AuditContentMode;
  /** Encrypts what the audit policy keeps. Null once destroyed, and nothing can be kept or read again. */
  readonly wrappedContentKey: WrappedContentKey | null;
  readonly version: number;
  readonly teams: ReadonlyMap<string, TeamConfig>;
  /** By membership id (`mem_…`): the user scope. */
  readonly members: ReadonlyMap<string, MemberConfig>;
  readonly serviceAccounts: ReadonlyMap<string, ServiceAccountConfig>;
}

export interface TeamConfig extends TaggedPolicy {
  readonly id: string;
  readonly name: string;
  readonly status: 'active' | 'suspended';
  readonly access: AccessChoice;
}

export interface MemberConfig extends ScopePolicy {
  readonly id: string;
  readonly accountId: string;
  readonly status: 'active' | 'disabled';
  readonly access: AccessChoice;
}

export interface ServiceAccountConfig {
  readonly id: string;
  readonly teamId: string;
  readonly name: string;
  readonly status: 'active' | 'disabled';
}

export type KeyOwner =
  | { readonly is: 'member'; readonly memberId: string; readonly accountId: string }
  | { readonly is: 'service_account'; readonly serviceAccountId: string };

export type KeyStatus = { readonly is: 'active' } | { readonly is: 'disabled' } | { readonly is: 'revoked' };

export interface KeyConfig extends TaggedPolicy {
  readonly id: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly name: string;
  readonly owner: KeyOwner;
  readonly status: KeyStatus;
  /** Milliseconds since the epoch, or null when the key never expires. */
  readonly expiresAtMs: number | null;
  readonly access: AccessChoice;
  readonly version: number;
}

/** Who is calling: the key with its four scopes, all of one organization. `member` only when a person owns the key. */
export interface Caller {
  readonly key: KeyConfig;
  readonly organization: OrganizationConfig;
  readonly team: TeamConfig;
  readonly member: MemberConfig | null;
}
