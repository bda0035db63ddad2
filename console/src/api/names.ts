import { useQueries, useQuery } from '@tanstack/react-query';
import { api, asked } from './client.ts';

/** What ids are called. Rows hold only ids; everything asked for in one moment is asked of the server in one call. */

const IDS_MAX = 200;
const GATHER_MS = 8;
/** Of what `GET /names` knows. */
const NAMED = /^(org|team|key|mem|svc|dep|acct|adm)_/;

type Waiting = Map<string, ((name: string | null) => void)[]>;
let waiting: Waiting = new Map();

/** The name of an id; null while it is not known, and for an id that this person may not see. */
export function useName(id: string | null | undefined): string | null {
  const { data } = useQuery({ ...nameQuery(id ?? ''), enabled: isNamed(id) });
  return data ?? null;
}

/** Several at once: names by id, without those that are not known. */
export function useNames(ids: readonly string[]): Readonly<Record<string, string>> {
  const wanted = [...new Set(ids.filter(isNamed))];
  return useQueries({
    queries: wanted.map(nameQuery),
    combine: (answers) =>
      Object.fromEntries(answers.flatMap(({ data }, index) => (data == null ? [] : [[wanted[index] as string, data]]))),
  });
}

function isNamed(id: string | null | undefined): id is string {
  return id != null && NAMED.test(id);
}

function nameQuery(id: string) {
  return { queryKey: ['name', id], queryFn: () => nameOf(id), staleTime: 300_000 };
}

function nameOf(id: string): Promise<string | null> {
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
    // A name that cannot be had is no reason to fail a page: its id stands there.
    const names = await asked(api.GET('/names', { params: { query: { ids: some.join(',') } } })).then(
      (answer) => answer.names,
      (): Record<string, string> => ({}),
    );
    for (const id of some) for (const resolve of asking.get(id) ?? []) resolve(names[id] ?? null);
  }
}
