import { useSession } from '../../../api/session.tsx';
import { useOpenPage } from '../../PageLink.tsx';
import type { Found } from '../found.ts';
import { verbsSaid } from '../verbs.ts';
import { words } from '../words.ts';
import { actOffers, actsOnOnly } from './act-offers.ts';
import { commandOffers, useRun } from './command-offers.ts';
import { objectOffer } from './object-offers.ts';
import type { Go, OfferGroup } from './offer.ts';
import { pageOffers } from './page-offers.ts';
import { recentOffers } from './recent-offers.ts';
import { requestOffers } from './request-offers.ts';
import { useFound } from './useFound.ts';

interface Offers {
  /** The groups that have at least one offer. */
  readonly groups: readonly OfferGroup[];
  readonly search: 'searching' | 'failed' | 'done';
}

/**
 * Finds what matches the typed text: a request by its id, recent objects, verbs on objects, objects that the server finds,
 * actions and pages. What is typed exactly or begins so comes before what only contains the words.
 */
export function useOffers(wanted: string): Offers {
  const session = useSession();
  const openPage = useOpenPage();
  const run = useRun();
  const said = verbsSaid(wanted);
  const found = useFound(wanted);
  const named = useFound(said[0]?.name ?? '');
  const go: Go = (to, search = {}) => void openPage({ to, search });
  const of = (...matches: readonly Found['match'][]) =>
    found.objects.filter(({ match }) => matches.includes(match)).map((object) => objectOffer(object, go));
  const groups: readonly OfferGroup[] = [
    { label: words.request, offers: requestOffers(wanted, go) },
    { label: words.recent, offers: recentOffers(wanted, go) },
    { label: words.suggestedActions, offers: actOffers(said, named.objects, session, go) },
    { label: words.objects, offers: of('name', 'beginning') },
    actsOnOnly(found.objects, session, go),
    { label: words.actions, offers: commandOffers(wanted, session, run) },
    { label: words.pages, offers: pageOffers(wanted, session, go) },
    { label: words.namesWithTheseWords, offers: of('parts') },
    { label: words.similarNames, offers: of('typo') },
  ];
  return {
    groups: groups.filter(({ offers }) => offers.length > 0),
    search: found.isFetching || named.isFetching ? 'searching' : found.isError ? 'failed' : 'done',
  };
}
