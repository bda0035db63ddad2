import { type QueryClient, useQueries, useQuery } from '@tanstack/react-query';
import { api, asked } from './client.ts';
import { useSeveralOrganizations } from './session.tsx';

/** Looks up the names of ids, because rows hold only ids. Lookups within a few milliseconds share one call to the server. */

const IDS_MAX = 200;
const GATHER_MS = 8;
/** The ids that `GET /names` accepts. */
const NAMED = /^(org|team|key|mem|svc|dep|acct|adm)_/;

/** A name and, for an object of a tenant, the name of its organization. */
interface Named {
  readonly name: string;
  readonly organization: string | null;
}

type Waiting = Map<string, ((named: Named | null) => void)[]>;
let waiting: Waiting = new Map();

/** Returns the name of an id; null until it is loaded, and for an id that this person may not see. */
export function useName(id: string | null | undefined): string | null {
  const { data } = useQuery({ ...nameQuery(id ?? ''), enabled: isNamed(id) });
  return data?.name ?? null;
}

/**
 * Returns the same, with the organization where more than one is in the person's reach: `Research · Acme`. Undefined until it is
 * loaded.
 */
export function usePlacedName(id: string | null | undefined): string | null | undefined {
  const isPlaced = useSeveralOrganizations();
  const { data, isLoading } = useQuery({ ...nameQuery(id ?? ''), enabled: isNamed(id) });
  if (isLoading) return undefined;
  return data == null ? null : placedName(data.name, isPlaced ? data.organization : null);
}

/** Returns a name with that of its organization, which tells apart objects of the same name. */
export function placedName(name: string, organization: string | null): string {
  return organization === null ? name : `${name} · ${organization}`;
}

/** Returns several names by id, without those that are not loaded or not visible. */
export function useNames(ids: readonly string[]): Readonly<Record<string, string>> {
  const wanted = [...new Set(ids.filter(isNamed))];
  return useQueries({
    queries: wanted.map(nameQuery),
    combine: (answers) =>
      Object.fromEntries(answers.flatMap(({ data }, index) => (data == null ? [] : [[wanted[index] as string, data.name]]))),
  });
}

/** Loads the names of ids before a page shows them, so that nothing moves when they arrive. */
export async function loadNames(queryClient: QueryClient, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.filter(isNamed).map((id) => queryClient.ensureQueryData(nameQuery(id))));
}

function isNamed(id: string | null | undefined): id is string {
  return id != null && NAMED.test(id);
}

function nameQuery(id: string) {
  return { queryKey: ['name', id], queryFn: () => nameOf(id), staleTime: 300_000 };
}

export function nameOf(id: string): Promise<Named | null> {
  return new Promise((resolve, reject) => {
    if (waiting.size === 0) setTimeout(() => void askAll().catch(reject), GATHER_MS);
    waiting.set(id, [...(waiting.get(id) ?? []), resolve]);
  });
}

async function askAll(): Promise<void> {
  const asking = waiting;
  waiting = new Map();
  const ids = [...asking.keys()];
  for (let at = 0; at < ids.length; at += IDS_MAX) {
    const some = ids.slice(at, at + IDS_MAX);
    // A missing name must not fail the page, which shows the id instead.
    const answer = await asked(api.GET('/names', { params: { query: { ids: some.join(',') } } })).catch(() => null);
    const namedOf = (id: string): Named | null => {
      const name = answer?.names[id];
      return name === undefined ? null : { name, organization: answer?.organization_names[id] ?? null };
    };
    for (const id of some) for (const resolve of asking.get(id) ?? []) resolve(namedOf(id));
  }
}
