import { IconArrowRight, IconLock } from '@tabler/icons-react';
import type { Session } from '../../../api/session.tsx';
import type { Found } from '../found.ts';
import { type Act, actOf, actsOn, type Said } from '../verbs.ts';
import { words } from '../words.ts';
import { aboutOf } from './object-offers.ts';
import type { Go, Offer, OfferGroup } from './offer.ts';

/** The most verbs that are offered at once. */
const ACTS_MAX = 6;

/** Returns the verbs that were typed, on each object of the typed name: those that the person may use first. */
export function actOffers(said: readonly Said[], objects: readonly Found[], session: Session, go: Go): readonly Offer[] {
  const acts = said.flatMap(({ verb }) => objects.flatMap((object) => actOffer(actOf(verb, object, session), object, go)));
  return allowedFirst(acts).slice(0, ACTS_MAX);
}

/** Returns the verbs on the one object that has this name. Of several, the person must say which. */
export function actsOnOnly(objects: readonly Found[], session: Session, go: Go): OfferGroup {
  const [only, ...others] = objects.filter(({ match }) => match === 'name');
  if (only === undefined || others.length > 0) return { label: '', offers: [] };
  const offers = actsOn(only, session)
    .slice(0, ACTS_MAX)
    .flatMap((act) => actOffer(act, only, go))
    // The object itself stands above them.
    .map(({ description: _, ...offer }) => offer);
  return { label: words.actionsOn(only.name), offers };
}

function actOffer(act: Act | null, object: Found, go: Go): readonly Offer[] {
  if (act === null) return [];
  const { label, verdict, to, search } = act;
  return [
    {
      key: `${label} ${object.id}`,
      label,
      description: verdict.allowed ? aboutOf(object) : (verdict.reason ?? ''),
      icon: verdict.allowed ? IconArrowRight : IconLock,
      isForbidden: !verdict.allowed,
      run: () => verdict.allowed && go(to, search),
    },
  ];
}

function allowedFirst(offers: readonly Offer[]): readonly Offer[] {
  return offers.toSorted((a, b) => Number(a.isForbidden === true) - Number(b.isForbidden === true));
}
