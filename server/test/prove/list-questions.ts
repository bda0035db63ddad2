/** What is asked of lists and reports at load size. The seeder's names are `Seed 17`, its keys `key-4711`. */
import { ORGANIZATION_SORTS, ORGANIZATION_STATUSES } from '../../src/store/tenancy/organization-list.ts';

type Ask = (path: string) => Promise<unknown>;

export interface Question {
  readonly name: string;
  /** Where it is not the bar of its kind. */
  readonly barMs?: number;
  /** As many addresses as samples are wanted; where they are pages, each is behind the one before. */
  paths(ask: Ask, samples: number): Promise<readonly string[]>;
}

interface Page {
  readonly data: readonly {
    readonly id: string;
    readonly team_id?: string;
    readonly organization_id?: string;
    readonly owner?: Owner;
  }[];
  readonly next_cursor: string | null;
}

interface Owner {
  readonly account_id: string | null;
  readonly service_account_id: string | null;
}

const same = (name: string, path: string): Question => ({
  name,
  paths: async (_, samples) => Array.from({ length: samples }, () => path),
});
const varied = (name: string, path: (sample: number) => string): Question => ({
  name,
  paths: async (_, samples) => Array.from({ length: samples }, (__, sample) => path(sample)),
});

/** The pages of a list, one after the other, and from the beginning where it ends. */
const pages = (name: string, path: string): Question => ({
  name,
  paths: async (ask, samples) => {
    const found: string[] = [];
    let next = path;
    while (found.length < samples) {
      found.push(next);
      const { next_cursor: cursor } = (await ask(next)) as Page;
      next = cursor === null ? path : `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`;
    }
    return found;
  },
});

/** One of the keys a page shows says where to look. */
const ofKeys = (name: string, path: (key: Page['data'][number]) => string | null): Question => ({
  name,
  paths: async (ask, samples) => {
    const { data } = (await ask('/keys?limit=200')) as Page;
    const all = data.flatMap((key) => path(key) ?? []);
    return Array.from({ length: samples }, (_, sample) => all[sample % all.length] as string);
  },
});

export const LIST_QUESTIONS: readonly Question[] = [
  ...ORGANIZATION_SORTS.map((sort) => pages(`organizations by ${sort}, page after page`, `/organizations?sort=${sort}`)),
  ...ORGANIZATION_STATUSES.map((status) =>
    pages(`organizations that are ${status}, by -spend`, `/organizations?status=${status}&sort=-spend`),
  ),
  varied('organizations by the beginning of a name', (sample) => `/organizations?search=seed%20${sample}&sort=name`),
  varied('organizations by the beginning of a slug', (sample) => `/organizations?search=seed-${sample}`),
  same('organizations, 200 on a page', '/organizations?limit=200&sort=-spend'),
  same('organizations, the summary', '/organizations/summary'),
  same('organizations, the summary of a search', '/organizations/summary?search=seed'),
  ...['created_at', '-created_at', 'name', '-name'].map((sort) =>
    pages(`keys by ${sort}, page after page`, `/keys?sort=${sort}`),
  ),
  ...['active', 'disabled', 'revoked'].map((status) =>
    pages(`keys that are ${status}, by name`, `/keys?status=${status}&sort=name`),
  ),
  ...['disabled', 'revoked'].map((status) => same(`keys that are ${status} and begin so`, `/keys?status=${status}&search=key-`)),
  varied('keys by the beginning of a name', (sample) => `/keys?search=key-${sample}&sort=name`),
  same('keys by a beginning that all have', '/keys?search=key'),
  same('keys by a beginning that none has', '/keys?search=zzz'),
  ofKeys('keys of an organization by name', (key) => `/keys?organization_id=${key.organization_id}&sort=name`),
  ofKeys('keys of a team', (key) => `/keys?team_id=${key.team_id}`),
  ofKeys('keys of a service account', (key) => serviceAccountPath(key.owner)),
  ofKeys('keys of a person', (key) => personPath(key.owner)),
  pages('teams by name, page after page', '/teams?sort=name'),
  pages('teams, the newest first', '/teams'),
  varied('teams by the beginning of a name', (sample) => `/teams?search=${['sup', 'res', 'pla'][sample % 3]}&sort=name`),
  pages('accounts by name, page after page', '/accounts?sort=name'),
  varied('accounts by the beginning of an address', (sample) => `/accounts?search=person-${sample}`),
  pages('requests of an organization, page after page', '/requests?limit=50'),
  pages('requests that were refused', '/requests?status=refused'),
  pages('requests that failed', '/requests?status=failed'),
  pages('requests of one model', '/requests?model=seed-dear'),
  varied(
    'anything by the beginning of its name',
    (sample) => `/search?q=${['seed 1', 'key-4', 'person-7', 'sup'][sample % 4]}${sample}`,
  ),
  varied(
    'anything by parts of its name in any order',
    (sample) => `/search?q=${['ed 1', 'ey-4', 'erson 7', 'port su'][sample % 4]}${sample}`,
  ),
  varied('anything by a few letters', (sample) => `/search?q=${['4', '17', 'zq', 'up'][sample % 4]}`),
  varied('anything by a part that none has', (sample) => `/search?q=nothing-${sample}`),
  varied(
    'anything with a typo',
    (sample) => `/search?q=${['suport', 'reserach', 'keyy', `prson ${sample}`, 'platfrm'][sample % 5]}`,
  ),
  varied('anything by a beginning that many have', (sample) => `/search?q=${['seed', 'key', 'person', 'sup'][sample % 4]}`),
];

/** A page of eighteen reports. */
const OVERVIEW_MS_MAX = 1_500;
const DAY_MS = 86_400_000;
const midnight = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 29 * DAY_MS).toISOString();

export const REPORT_QUESTIONS: readonly Question[] = [
  { ...same('the overview of the platform, 7 days', '/overview'), barMs: OVERVIEW_MS_MAX },
  ofKeys('the overview of one organization, 7 days', (key) => `/overview?organization_id=${key.organization_id}`),
  same('usage of the platform, 30 days', '/usage'),
  same('usage of the platform by model, 30 days', '/usage?group_by=model'),
  same('usage of the platform by day, 30 days', '/usage?interval=day'),
  same('usage of the platform by provider and day, 30 days', '/usage?group_by=provider&interval=day'),
  same('usage of the 100 dearest organizations, 30 whole days', `/usage?group_by=organization&limit=100&from=${midnight}`),
  ofKeys(
    'usage of one organization by team and model, 30 days',
    (key) => `/usage?organization_id=${key.organization_id}&group_by=team,model`,
  ),
  ofKeys('usage of one organization by key, 30 days', (key) => `/usage?organization_id=${key.organization_id}&group_by=key`),
  ofKeys('usage of one organization by day, 30 days', (key) => `/usage?organization_id=${key.organization_id}&interval=day`),
];

function serviceAccountPath(owner: Owner | undefined): string | null {
  const id = owner?.service_account_id ?? null;
  return id === null ? null : `/keys?service_account_id=${id}`;
}

function personPath(owner: Owner | undefined): string | null {
  const id = owner?.account_id ?? null;
  return id === null ? null : `/keys?account_id=${id}`;
}
