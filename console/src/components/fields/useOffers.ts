import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconClockHour4, IconCornerDownRight, IconCube, type IconProps } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { api, asked } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { useSession } from '../../api/session.tsx';
import { useSignOut } from '../../api/sign-out.ts';
import { PATHS } from '../../paths.ts';
import { useOpenPage } from '../PageLink.tsx';
import { wordOf } from '../StatusBadge.tsx';
import { type Command, commandsFor } from '../shell/commands.ts';
import { type Found, placeOf } from '../shell/found.ts';
import { navigationFor } from '../shell/navigation.ts';
import { recentObjects, remember } from '../shell/recent.ts';

/** One line of the command palette. */
export interface Offer {
  readonly key: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: ComponentType<IconProps>;
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

/** Finds what matches the typed text: a request by its id, recent objects, objects that the server finds, actions and pages. */
export function useOffers(wanted: string): Offers {
  const session = useSession();
  const openPage = useOpenPage();
  const run = useRun();
  const found = useFound(wanted);
  const go: Go = (to, search = {}) => void openPage({ to, search });
  const commands = commandsFor(session).filter(({ label }) => matches(label, wanted));
  const pages = navigationFor(session)
    .flatMap(({ entries }) => entries)
    .filter(({ label }) => matches(label, wanted));
  const groups: readonly OfferGroup[] = [
    { label: 'Request', offers: requestOffers(wanted, go) },
    { label: 'Recent', offers: wanted === '' ? recentOffers(go) : [] },
    { label: 'Objects', offers: found.objects.map((object) => objectOffer(object, go)) },
    {
      label: 'Actions',
      offers: commands.map((command) => ({
        key: command.label,
        label: command.label,
        icon: command.icon,
        run: () => run(command),
      })),
    },
    { label: 'Pages', offers: pages.map(({ label, to, icon }) => ({ key: to, label, icon, run: () => go(to) })) },
  ];
  return {
    groups: groups.filter(({ offers }) => offers.length > 0),
    search: found.isFetching ? 'searching' : found.isError ? 'failed' : 'done',
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

function objectOffer(object: Found, go: Go): Offer {
  const { kind, id, name, detail } = object;
  const { to, search } = placeOf(object);
  return {
    key: `${kind} ${id}`,
    label: name,
    description: [wordOf(kind), detail].filter((part) => part !== '').join(' · '),
    icon: IconCube,
    run: () => {
      if (Object.keys(search).length === 0) remember({ kind, id, name, to });
      go(to, search);
    },
  };
}

/** Finds objects whose name begins with the text or whose id equals it. The server searches only what this person may see. */
function useFound(wanted: string) {
  const [asking] = useDebouncedValue(wanted, 150);
  const { data, isPlaceholderData, isFetching, isError } = useQuery({
    queryKey: ['search', asking],
    queryFn: () => asked(api.GET('/search', { params: { query: { q: asking } } })),
    enabled: asking !== '' && wanted !== '',
    placeholderData: (before, query) => (wanted === '' ? undefined : keptWithin(['search'])(before, query)),
  });
  const known = data?.data ?? [];
  // Until the answer arrives, keep only those earlier results that still match: Enter takes the first one.
  const isAnswer = asking === wanted && !isPlaceholderData;
  return { objects: isAnswer ? known : known.filter(({ name }) => beginsSo(name, wanted)), isFetching, isError };
}

function beginsSo(name: string, wanted: string): boolean {
  return name.toLowerCase().startsWith(wanted.toLowerCase());
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

/** Reports whether every typed word begins a word of the label. */
function matches(label: string, wanted: string): boolean {
  const words = label.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((part) => words.some((word) => word.startsWith(part)));
}
