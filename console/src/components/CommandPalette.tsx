import { Loader, Modal, Text, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { IconClockHour4, IconCube, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, asked } from '../api/client.ts';
import { useSession } from '../api/session.tsx';
import { useSignOut } from '../api/sign-out.ts';
import { PATHS } from '../paths.ts';
import { type Command, commandsFor } from './commands.ts';
import { type Found, placeOf } from './found.ts';
import { navigationFor } from './navigation.ts';
import { recentObjects, remember, useRememberOpened } from './recent.ts';
import { wordOf } from './StatusBadge.tsx';

const [store, palette] = createSpotlight();

export const openCommandPalette = palette.open;

/** ⌘K: every page, every object this person may see, everything they may do; arrows and Enter, no mouse. */
export function CommandPalette() {
  const [text, setText] = useState('');
  useRememberOpened();
  return (
    <Spotlight.Root
      store={store}
      query={text}
      onQueryChange={setText}
      shortcut={['mod + K']}
      tagsToIgnore={[]}
      // Whoever opens it again at once must not have what they type cleared by the closing before.
      transitionProps={{ duration: 0 }}
      scrollable
      maxHeight={460}
    >
      <VisuallyHidden>
        <Modal.Title>Search everything</Modal.Title>
      </VisuallyHidden>
      <Offers text={text} />
    </Spotlight.Root>
  );
}

function Offers({ text }: { text: string }) {
  const session = useSession();
  const navigate = useNavigate();
  const run = useRun();
  const wanted = text.trim();
  const found = useFound(wanted);
  const pages = navigationFor(session)
    .flatMap(({ entries }) => entries)
    .filter(({ label }) => matches(label, wanted));
  const commands = commandsFor(session).filter(({ label }) => matches(label, wanted));
  const recent = wanted === '' ? recentObjects() : [];
  const go = (to: string, search: Readonly<Record<string, string>> = {}) => void navigate({ to, search: search as never });
  const isRequest = /^req_[0-9a-f]{32}$/.test(wanted);
  const objects = found.data?.data ?? [];
  const names = objects.map(({ kind, id }) => `${kind} ${id}`).join();
  // What is found comes after the key was pressed: Enter then means the first that is seen, not one that stood there before.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other objects are another first.
  useEffect(selectFirst, [names]);
  const count = pages.length + commands.length + recent.length + objects.length + (isRequest ? 1 : 0);
  return (
    <>
      <Spotlight.Search
        aria-label="Search everything"
        placeholder="Search or jump to…"
        maxLength={200}
        leftSection={<IconSearch size={18} />}
        rightSection={found.isFetching ? <Loader size={16} aria-label="Searching" /> : undefined}
      />
      <Spotlight.ActionsList>
        {isRequest && (
          <Spotlight.Action label={`Open request ${wanted}`} onClick={() => go(PATHS.request.replace('$requestId', wanted))} />
        )}
        {recent.length > 0 && (
          <Spotlight.ActionsGroup label="Recent">
            {recent.map(({ kind, name, to }) => (
              <Spotlight.Action
                key={to}
                label={name}
                description={wordOf(kind)}
                leftSection={<IconClockHour4 size={18} />}
                onClick={() => go(to)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {objects.length > 0 && (
          <Spotlight.ActionsGroup label="Objects">
            {objects.map((object) => (
              <Spotlight.Action
                key={`${object.kind} ${object.id}`}
                label={object.name}
                description={[wordOf(object.kind), object.detail].filter((part) => part !== '').join(' · ')}
                leftSection={<IconCube size={18} />}
                onClick={() => openFound(object, go)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {commands.length > 0 && (
          <Spotlight.ActionsGroup label="Actions">
            {commands.map((command) => (
              <Spotlight.Action
                key={command.label}
                label={command.label}
                leftSection={<command.icon size={18} />}
                onClick={() => run(command)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {pages.length > 0 && (
          <Spotlight.ActionsGroup label="Pages">
            {pages.map(({ label, to, icon: Icon }) => (
              <Spotlight.Action key={to} label={label} leftSection={<Icon size={18} />} onClick={() => go(to)} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {count === 0 && (
          <Spotlight.Empty>
            {found.isError ? 'The search did not answer. Try again.' : found.isFetching ? 'Searching…' : 'Nothing by that name.'}
          </Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
      <Spotlight.Footer>
        <Text fz="xs" c="dimmed">
          ↑ ↓ to choose · Enter to open · Esc to close
        </Text>
      </Spotlight.Footer>
    </>
  );
}

/** Marks the first offer, as the library does when the text changes. */
function selectFirst(): void {
  const list = document.getElementById(store.getState().listId);
  list?.querySelector('[data-selected]')?.removeAttribute('data-selected');
  list?.querySelector('[data-action]')?.setAttribute('data-selected', 'true');
  store.updateState((state) => ({ ...state, selected: 0 }));
}

/** Objects whose name begins so, or whose id it is: the server looks, and only where this person may. */
function useFound(wanted: string) {
  const [asking] = useDebouncedValue(wanted, 150);
  return useQuery({
    queryKey: ['search', asking],
    queryFn: () => asked(api.GET('/search', { params: { query: { q: asking } } })),
    enabled: asking !== '' && wanted !== '',
    placeholderData: (before) => (wanted === '' ? undefined : keepPreviousData(before)),
  });
}

function openFound(object: Found, go: (to: string, search: Readonly<Record<string, string>>) => void): void {
  const { to, search } = placeOf(object);
  if (Object.keys(search).length === 0) remember({ kind: object.kind, id: object.id, name: object.name, to });
  go(to, search);
}

function useRun(): (command: Command) => void {
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return ({ does }) => {
    switch (does.is) {
      case 'go':
        void navigate({ to: does.to, search: does.search as never });
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

/** Every word of what was typed begins a word of the label. */
function matches(label: string, wanted: string): boolean {
  const words = label.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((part) => words.some((word) => word.startsWith(part)));
}
