import { PATHS } from '../../paths.ts';

/** The page of each kind of object, by the server's name of the kind and by the prefix of its ids. */
const PAGES = {
  organization: { prefix: 'org_', path: PATHS.organization },
  team: { prefix: 'team_', path: PATHS.team },
  key: { prefix: 'key_', path: PATHS.key },
  account: { prefix: 'acct_', path: PATHS.account },
  deployment: { prefix: 'dep_', path: PATHS.deployment },
  route_group: { prefix: 'rg_', path: PATHS.routeGroup },
  access_group: { prefix: null, path: PATHS.accessGroup },
  request: { prefix: 'req_', path: PATHS.request },
} as const;

/** Kinds whose ids are those of other objects: a login is a key, and settings are those of a place. */
const OF_OTHERS: ReadonlySet<string> = new Set(['login', 'login_policy', 'managed_settings']);

/** Returns the address of an object's page. Null for a kind that has none. */
export function addressOf(id: string, given?: string): string | null {
  const kind = given !== undefined && OF_OTHERS.has(given) ? undefined : given;
  const found =
    kind !== undefined && kind in PAGES
      ? PAGES[kind as keyof typeof PAGES]
      : Object.values(PAGES).find(({ prefix }) => prefix !== null && id.startsWith(prefix));
  if (found === undefined || (kind !== undefined && !(kind in PAGES))) return null;
  return found.path.replace(/\$\w+$/, encodeURIComponent(id));
}

/** Returns the object whose page has this address. Null for other pages. */
export function objectAt(pathname: string): { readonly kind: string; readonly id: string } | null {
  for (const [kind, { path }] of Object.entries(PAGES)) {
    const base = path.replace(/\$\w+$/, '');
    const rest = pathname.startsWith(base) ? pathname.slice(base.length) : '';
    if (rest !== '' && !rest.includes('/')) return { kind, id: decodeURIComponent(rest) };
  }
  return null;
}
