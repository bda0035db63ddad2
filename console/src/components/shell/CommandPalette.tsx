import { Loader, Modal, Text, VisuallyHidden } from '@mantine/core';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { OfferGroup } from './palette/offer.ts';
import { useOffers } from './palette/useOffers.ts';
import { useRememberOpened } from './recent.ts';
import { words } from './words.ts';

const [store, palette] = createSpotlight();

export const openCommandPalette = palette.open;

/** The command palette (⌘K): every page, object and action that this person may use, by keyboard. */
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
      // A closing transition would clear what the person types if they open the palette again at once.
      transitionProps={{ duration: 0 }}
      scrollable
      maxHeight={460}
    >
      <VisuallyHidden>
        <Modal.Title>{words.searchEverything}</Modal.Title>
      </VisuallyHidden>
      <Content text={text} />
    </Spotlight.Root>
  );
}

function Content({ text }: { text: string }) {
  const { groups, search } = useOffers(text.trim());
  const keys = groups.map(({ offers }) => offers.map(({ key }) => key).join()).join();
  // Results arrive after the keystroke. Enter must take the first one that is visible, not an earlier one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other offers are another first.
  useEffect(selectFirst, [keys]);
  return (
    <>
      <Spotlight.Search
        aria-label={words.searchEverything}
        placeholder={words.searchOrJump}
        maxLength={100}
        leftSection={<IconSearch size={18} />}
        rightSection={search === 'searching' ? <Loader size={16} aria-label={words.searching} /> : undefined}
      />
      <Spotlight.ActionsList>
        {groups.map((group) => (
          <Group key={group.label} group={group} />
        ))}
        {groups.length === 0 && <Spotlight.Empty>{words.searchResult[search]}</Spotlight.Empty>}
      </Spotlight.ActionsList>
      <Spotlight.Footer>
        <Text fz="xs" c="dimmed">
          {words.paletteKeys}
        </Text>
      </Spotlight.Footer>
    </>
  );
}

function Group({ group: { label, offers } }: { group: OfferGroup }) {
  return (
    <Spotlight.ActionsGroup label={label}>
      {offers.map(({ key, label: name, description, icon: Icon, isForbidden = false, run }) => (
        <Spotlight.Action
          key={key}
          label={name}
          description={description}
          leftSection={<Icon size={18} />}
          onClick={run}
          {...(isForbidden ? { 'aria-disabled': true, closeSpotlightOnTrigger: false } : {})}
        />
      ))}
    </Spotlight.ActionsGroup>
  );
}

/** Selects the first offer, as the library does when the text changes. */
function selectFirst(): void {
  const list = document.getElementById(store.getState().listId);
  list?.querySelector('[data-selected]')?.removeAttribute('data-selected');
  list?.querySelector('[data-action]')?.setAttribute('data-selected', 'true');
  store.updateState((state) => ({ ...state, selected: 0 }));
}
