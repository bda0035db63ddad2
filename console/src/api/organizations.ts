import type { ListPage, ListQuery } from '../components/DataList.tsx';
import { api, asked, askedWithETag, type Schema } from './client.ts';

/** What the pages of organizations ask of the server. */

export const STANDINGS = ['healthy', 'near_limit', 'over_budget', 'idle', 'suspended', 'archived'] as const;
type StandingStatus = (typeof STANDINGS)[number];

/** Where an organization stands, at most 10 s old. */
interface Standing {
  readonly status: StandingStatus;
  readonly budget_used_ratio: number | null;
  readonly spend_period: string;
  readonly spend_30d: string;
  /** 30 amounts, the oldest first. */
  readonly daily_spend: readonly string[];
  readonly requests_30d: number;
  readonly granted_targets: number;
  readonly as_of: string;
}

export type Organization = Schema<'Organization'>;
export type OrganizationRow = Organization & { readonly standing?: Standing | null };

export interface OrganizationsSummary {
  readonly total: number;
  readonly by_status: Readonly<Record<StandingStatus, number>>;
  readonly spend_period: string;
  readonly teams: number;
  readonly granted_targets: number;
  readonly over_budget: number;
  readonly as_of: string;
}

export function listOrganizations(query: ListQuery): Promise<ListPage<OrganizationRow>> {
  return asked(api.GET('/organizations', { params: { query: query as object } }));
}

export function summarizeOrganizations(search: string | undefined): Promise<OrganizationsSummary> {
  return unlisted('GET', '/organizations/summary', { params: { query: search === undefined ? {} : { search } } });
}

export function readOrganization(id: string) {
  return askedWithETag(api.GET('/organizations/{id}', { params: { path: { id } } })) as Promise<{
    data: OrganizationRow;
    etag: string | null;
  }>;
}

/** What a change would do, computed and not stored. Lists hold examples; counts are exact. */
export interface Effect {
  readonly targets_lost: readonly string[];
  readonly targets_lost_count: number;
  readonly targets_gained: readonly string[];
  readonly targets_gained_count: number;
  readonly keys_losing_access: number;
  readonly key_examples: readonly {
    readonly key_id: string;
    readonly name: string;
    readonly team_name: string;
    readonly lost: readonly string[];
  }[];
  readonly keys_over_new_limit: readonly {
    readonly key_id?: string | null;
    readonly scope: string;
    readonly limit: string;
    readonly value: number | string;
    readonly used: number | string;
  }[];
  readonly members_ineffective_count: number;
  readonly teams_ineffective_count: number;
  readonly members_ineffective: readonly {
    readonly member_id: string;
    readonly name: string;
    readonly narrowed_to: readonly string[];
  }[];
  readonly teams_ineffective: readonly {
    readonly team_id: string;
    readonly name: string;
    readonly narrowed_to: readonly string[];
  }[];
}

/** The effect of a PATCH at any level: `/organizations/org_…`, `/teams/team_…`, `/keys/key_…`. */
export async function effectOf(path: string, body: object): Promise<Effect> {
  const answer = await unlisted<{ effect: Effect }>('PATCH', path, { params: { query: { dry_run: true } }, body });
  return answer.effect;
}

export function suspendOrganization(id: string): Promise<Organization> {
  return asked(api.POST('/organizations/{id}/suspend', { params: { path: { id } } }));
}

export function reactivateOrganization(id: string): Promise<Organization> {
  return asked(api.POST('/organizations/{id}/reactivate', { params: { path: { id } } }));
}

export function archiveOrganization(id: string): Promise<Organization> {
  return asked(api.POST('/organizations/{id}/archive', { params: { path: { id } } }));
}

type AnyCall = (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** For addresses whose path is composed, so that the contract's types cannot know it. */
function unlisted<T>(method: 'GET' | 'PATCH', path: string, init: object): Promise<T> {
  const call = api[method] as unknown as AnyCall;
  return asked(call(path, init)) as Promise<T>;
}
