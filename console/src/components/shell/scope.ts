import { useLocation, useParams } from '@tanstack/react-router';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { useUrlState } from '../fields/useUrlState.ts';
import { useOpenPage } from '../PageLink.tsx';

/**
 * The parameter of the address that narrows every page to one organization. It is each page's own filter by organization, and is
 * kept from page to page until it is left. Nothing else remembers it.
 */
export const SCOPE = 'organization_id';

/** The filters by objects of one organization, which would find nothing in another. */
const INSIDE: ReadonlySet<string> = new Set(['team_id', 'key_id', 'member_id', 'account_id', 'service_account_id']);

/** Pages about the gateway as a whole, and the list of organizations, which the scope does not narrow. */
const WHOLE: readonly string[] = [
  PATHS.models,
  PATHS.knownModels,
  PATHS.credentials,
  PATHS.presets,
  PATHS.routeGroups,
  PATHS.accessGroups,
  PATHS.profile,
];

/** Reports whether the page that is open is one that the scope narrows. The page of another organization is not. */
export function useIsNarrowed(): boolean {
  const { pathname } = useLocation();
  const [scope] = useScope();
  const { organizationId } = useParams({ strict: false }) as { organizationId?: string };
  if (organizationId !== undefined) return organizationId === scope;
  return pathname !== PATHS.organizations && !WHOLE.some((path) => pathname === path || pathname.startsWith(`${path}/`));
}

/** Returns the id of the organization that the pages are narrowed to, and a function that chooses another, or none. */
export function useScope(): readonly [string | undefined, (id: string | undefined) => void] {
  const [state, set] = useUrlState();
  const openPage = useOpenPage();
  const { organizationId } = useParams({ strict: false }) as { organizationId?: string };
  const choose = (id: string | undefined) => {
    const dropped = Object.keys(state).filter((name) => name.endsWith('cursor') || INSIDE.has(name));
    const next = { ...Object.fromEntries(dropped.map((name) => [name, undefined])), [SCOPE]: id };
    if (id === undefined || organizationId === undefined) return set(next, 'push');
    // On an organization's page, one wants to see the other one there.
    void openPage({ to: links.organization(id).to, search: { tab: state.tab, [SCOPE]: id } });
  };
  return [state[SCOPE], choose];
}
