import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowRight, IconClockHour4, IconCornerDownRight, IconCube, IconLock, type IconProps } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { api, asked } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { type Session, useSession } from '../../api/session.tsx';
import { useSignOut } from '../../api/sign-out.ts';
import { PATHS } from '../../paths.ts';
import { useOpenPage } from '../PageLink.tsx';
import { wordOf } from '../StatusBadge.tsx';
import { type Command, commandsFor } from '../shell/commands.ts';
import { type Found, placeOf } from '../shell/found.ts';
import { navigationFor } from '../shell/navigation.ts';
import { tabPlaces } from '../shell/places.ts';
import { recentObjects, remember } from '../shell/recent.ts';
import { type Act, actOf, actsOn, verbsSaid } from '../shell/verbs.ts';

/** One line of the command palette. */
export interface Offer {
  readonly key: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: ComponentType<IconProps>;
  /** True for an action that the person may not use. The description says who can. */
  readonly isForbidden?: boolean;
  run(): void;
}

export interface OfferGroup {
  readonly label: string;
  readonly offers: readonly Offer[];
}

interface Offers {
  /** The groups that have at least one offer. */
  readonly groups: readonly OfferGroup[];
  readonly search: 'searching' | 'failed' | 'done';
}

type Go = (to: string, search?: Readonly<Record<string, string>>) => void;

/** The most verbs that are offered at once. */
const ACTS_MAX = 6;

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
  const acts = said.flatMap(({ verb }) => named.objects.flatMap((object) => actOffer(actOf(verb, object, session), object, go)));
  const groups: readonly OfferGroup[] = [
    { label: 'Request', offers: requestOffers(wanted, go) },
    { label: 'Recent', offers: wanted === '' ? recentOffers(go) : [] },
    { label: 'Do this', offers: allowedFirst(acts).slice(0, ACTS_MAX) },
    { label: 'Objects', offers: of('name', 'beginning') },
    actsOnOnly(found.objects, session, go),
    {
      label: 'Actions',
      offers: commandsFor(session)
        .filter(({ label }) => matches(label, wanted))
        .map((command) => ({ key: command.label, label: command.label, icon: command.icon, run: () => run(command) })),
    },
    { label: 'Pages', offers: pageOffers(wanted, session, go) },
    { label: 'Containing these words', offers: of('parts') },
    { label: 'Similar names', offers: of('typo') },
  ];
  return {
    groups: groups.filter(({ offers }) => offers.length > 0),
    search: found.isFetching || named.isFetching ? 'searching' : found.isError ? 'failed' : 'done',
  };
}

function requestOffers(wanted: string, go: Go): readonly Offer[] {
  if (!/^req_[0-9a-f]{32}$/.test(wanted)) return [];
  const run = () => go(PATHS.request.replace('$requestId', wanted));
  return [{ key: wanted, label: `Open request ${wanted}`, icon: IconCornerDownRight, run }];
}

function recentOffers(go: Go): readonly Offer[] {
  return recentObjects().map(({ kind, name, to }) => ({
    key: to,
    label: name,
    description: wordOf(kind),
    icon: IconClockHour4,
    run: () => go(to),
  }));
}

/** Returns the pages of the navigation, and their tabs once something is typed. */
function pageOffers(wanted: string, session: Session, go: Go): readonly Offer[] {
  const entries = navigationFor(session).flatMap(({ entries }) => entries);
  const pages = entries
    .filter(({ label }) => matches(label, wanted))
    .map(({ label, to, icon }) => ({ key: to, label, icon, run: () => go(to) }));
  if (wanted === '') return pages;
  const tabs = tabPlaces(session).flatMap(({ label, to, tab }) => {
    const icon = entries.find((entry) => entry.to === to)?.icon;
    if (icon === undefined || !matches(label, wanted)) return [];
    return [{ key: `${to} ${tab}`, label, icon, run: () => go(to, { tab }) }];
  });
  return [...pages, ...tabs];
}

function objectOffer(object: Found, go: Go): Offer {
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

function aboutOf({ kind, detail }: Found): string {
  return [wordOf(kind), detail].filter((part) => part !== '').join(' · ');
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

/** Returns the verbs on the one object that has this name. Of several, the person must say which. */
function actsOnOnly(objects: readonly Found[], session: Session, go: Go): OfferGroup {
  const [only, ...others] = objects.filter(({ match }) => match === 'name');
  if (only === undefined || others.length > 0) return { label: '', offers: [] };
  const offers = actsOn(only, session)
    .slice(0, ACTS_MAX)
    .flatMap((act) => actOffer(act, only, go))
    // The object itself stands above them.
    .map(({ description: _, ...offer }) => offer);
  return { label: `On ${only.name}`, offers };
}

function allowedFirst(offers: readonly Offer[]): readonly Offer[] {
  return offers.toSorted((a, b) => Number(a.isForbidden === true) - Number(b.isForbidden === true));
}

/** Finds objects by the words of the text or by their id. The server searches only what this person may see. */
function useFound(wanted: string) {
  const [asking] = useDebouncedValue(wanted, 150);
  const { data, isPlaceholderData, isFetching, isError } = useQuery({
    queryKey: ['search', asking],
    queryFn: () => asked(api.GET('/search', { params: { query: { q: asking } } })),
    enabled: asking !== '' && wanted !== '',
    placeholderData: (before, query) => (wanted === '' ? undefined : keptWithin(['search'])(before, query)),
  });
  const known = wanted === '' ? [] : (data?.data ?? []);
  // Until the answer arrives, keep only those earlier results that still match: Enter takes the first one.
  const isAnswer = asking === wanted && !isPlaceholderData;
  return { objects: isAnswer ? known : known.filter(({ name }) => matches(name, wanted)), isFetching, isError };
}

function useRun(): (command: Command) => void {
  const openPage = useOpenPage();
  const signOut = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return ({ does }) => {
    switch (does.is) {
      case 'go':
        void openPage(does);
        return;
      case 'theme': {
        const isDark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
        setColorScheme(isDark ? 'light' : 'dark');
        return;
      }
      case 'sign_out':
        void signOut();
    }
  };
}

/** Reports whether every typed word is a part of the label. */
function matches(label: string, wanted: string): boolean {
  const lower = label.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((part) => lower.includes(part));
}
