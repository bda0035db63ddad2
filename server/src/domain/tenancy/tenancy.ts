import type { AccessChoice, OrganizationAccess } from '../access/access.ts';
import type { CallerTags, TagPolicy } from '../access/tags.ts';
import type { Budget } from '../limits/budget.ts';
import type { LabelLimit } from '../limits/label-limit.ts';
import type { ModelLimit, RateLimits } from '../limits/rate-limit.ts';
import type { OwnProviders } from '../routing/own.ts';
import type { EndUsers } from '../usage/attribution.ts';

/** The four levels at which a request is limited, budgeted and narrowed, widest first. */
export const SCOPES = ['organization', 'team', 'user', 'key'] as const;
export type Scope = (typeof SCOPES)[number];

/** A scope's short name in codes, params and headers (`org_rpm`). Bodies say `organization`. */
export const SCOPE_CODES = { organization: 'org', team: 'team', user: 'user', key: 'key' } as const satisfies Record<
  Scope,
  string
>;

/** The limits and budgets of a scope. Frozen; replaced whole on a change. */
export interface ScopePolicy {
  readonly rateLimits: RateLimits;
  readonly modelLimits: readonly ModelLimit[];
  readonly budgets: readonly Budget[];
  /** The limits by tag and end user; absent: none. Users have none. */
  readonly labelLimits?: readonly LabelLimit[];
}

/** The policy of a level that can also add tags. */
interface TaggedPolicy extends ScopePolicy {
  /** The tags that the level adds; absent or null: none. */
  readonly tags?: TagPolicy | null;
  /** True if the level's requests must name an end user; absent: they need not. */
  readonly requireEndUser?: boolean;
}

export type OrganizationStatus = 'active' | 'suspended' | 'archived' | 'deleted';
export type AuditContentMode = 'off' | 'metadata' | 'redacted' | 'full';

/** The keys that find a stored response, narrowest first: the key that made it, those of its team, those of its organization. */
export const RESPONSES_SCOPES = ['key', 'team', 'organization'] as const;
export type ResponsesScope = (typeof RESPONSES_SCOPES)[number];

/** The choice of an organization: copies of its requests may go to mirrors, or not. */
export const MIRRORING = ['refuse', 'allow'] as const;
export type Mirroring = (typeof MIRRORING)[number];

/** The keys that get an answer of the exact cache again, narrowest first: the one it was made for, those of its team, all of its organization. */
export const CACHE_SCOPES = ['key', 'team', 'organization'] as const;
export type CacheScope = (typeof CACHE_SCOPES)[number];

/** An organization's use of the exact cache. Another `epoch` forgets every answer that was kept before. */
export interface AnswerCachePolicy {
  readonly scope: CacheScope;
  readonly epoch: number;
}

/**
 * An organization's stored content key, and the key that wraps it: the installation's content key, or before that existed the
 * master key itself.
 */
export interface WrappedContentKey {
  readonly bytes: Uint8Array;
  readonly by: 'master' | 'installation';
}

/** One organization as a request sees it: itself, its teams, members and service accounts. Keys are looked up separately. */
export interface OrganizationConfig extends TaggedPolicy {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: OrganizationStatus;
  /** The IANA zone in which this organization's days and budget periods begin. */
  readonly timeZone: string;
  readonly access: OrganizationAccess;
  readonly auditContent: AuditContentMode;
  /**
   * The key that encrypts stored responses and the content kept under the audit policy. Null after it was destroyed: content can then be neither
   * stored nor read.
   */
  readonly wrappedContentKey: WrappedContentKey | null;
  /** The keys that find a stored response. Absent or null: the organization stores none. */
  readonly responses?: ResponsesScope | null;
  /** The keys that find a file or a batch. Absent or null: the organization has neither. */
  readonly files?: ResponsesScope | null;
  /** Absent or null: no answer of this organization is given again. */
  readonly answerCache?: AnswerCachePolicy | null;
  /** The deployments that the organization brought. Null or absent: none, and the platform's serve. */
  readonly own?: OwnProviders | null;
  /** The form in which its requests' end users are stored; pseudonyms if absent. */
  readonly endUsers?: EndUsers;
  /** The choice about copies of its requests for mirrors. Absent: `refuse`. */
  readonly mirroring?: Mirroring;
  readonly version: number;
  readonly teams: ReadonlyMap<string, TeamConfig>;
  /** The members, which are the user scopes, by membership id (`mem_…`). */
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

/**
 * The kinds of keys. `api`: a person or a service account made it, and has its secret for long. `login`: a person's login on a
 * device, with short secrets. `workload`: a trust rule made it, with short secrets.
 */
export const KEY_KINDS = ['api', 'login', 'workload'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

export type KeyStatus = { readonly is: 'active' } | { readonly is: 'disabled' } | { readonly is: 'revoked' };

export interface KeyConfig extends TaggedPolicy {
  readonly id: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly name: string;
  /** Absent: `api`. */
  readonly kind?: KeyKind;
  readonly owner: KeyOwner;
  readonly status: KeyStatus;
  /** Milliseconds since the epoch, or null if the key never expires. */
  readonly expiresAtMs: number | null;
  readonly access: AccessChoice;
  /** The use of the tags that its requests name; absent: `route`. */
  readonly callerTags?: CallerTags;
  readonly version: number;
}

/** The caller: the key and its scopes, all of one organization. `member` is null unless a person owns the key. */
export interface Caller {
  readonly key: KeyConfig;
  readonly organization: OrganizationConfig;
  readonly team: TeamConfig;
  readonly member: MemberConfig | null;
}
