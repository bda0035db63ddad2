import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import type { Needs, Verdict } from '../../api/session.tsx';
import { words } from './words.ts';

/** Says who can do what a person may not: the reason of the refusal, and the names that this person may see. */

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });
const MINUTE_MS = 60_000;

/** Returns the names of people who hold a permission at a place, as far as the reader may see them. Empty until they are known. */
export function useHolders(needs: Needs | undefined): readonly string[] {
  const found = useQuery({
    queryKey: ['who-can', needs],
    queryFn: async () => {
      if (needs === undefined) return [];
      const { permission, organizationId, teamId } = needs;
      const place =
        organizationId === null ? {} : { organization_id: organizationId, ...(teamId === undefined ? {} : { team_id: teamId }) };
      const { people } = await asked(api.GET('/access/who-can', { params: { query: { permission, ...place } } }));
      return (people ?? []).map(({ name }) => name);
    },
    enabled: needs !== undefined,
    staleTime: MINUTE_MS,
  });
  return found.data ?? [];
}

/** Returns the reason of a refusal with the people to ask: `Only an owner can do this. Ask Ada or Grace.` */
export function reasonWith(reason: string | null, people: readonly string[]): string {
  if (people.length === 0) return reason ?? '';
  return words.askPeople(reason ?? '', alternatives.format(people)).trim();
}

/** Returns the text of a refused action, and a function that starts to look up the names. */
export function useReason({ reason, needs }: Verdict): { readonly text: string; readonly look: () => void } {
  const [isWanted, setWanted] = useState(false);
  const people = useHolders(isWanted ? needs : undefined);
  return { text: reasonWith(reason, people), look: () => setWanted(true) };
}
