import { IconCube } from '@tabler/icons-react';
import { wordOf } from '../../StatusBadge.tsx';
import { type Found, placeOf } from '../found.ts';
import { remember } from '../recent.ts';
import type { Go, Offer } from './offer.ts';

/** Returns an object that the server found, as a line that opens it. */
export function objectOffer(object: Found, go: Go): Offer {
  const { kind, id, name } = object;
  const { to, search } = placeOf(object);
  return {
    key: `${kind} ${id}`,
    label: name,
    description: aboutOf(object),
    icon: IconCube,
    run: () => {
      if (Object.keys(search).length === 0) remember({ kind, id, name, to });
      go(to, search);
    },
  };
}

/** Returns the kind of an object and what tells it from others of its name. */
export function aboutOf({ kind, detail }: Found): string {
  return [wordOf(kind), detail].filter((part) => part !== '').join(' · ');
}
