import { Tabs } from '@mantine/core';
import { useEffect, useRef } from 'react';

interface TabStripProps {
  readonly tabs: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
}

/** A page's tabs in one line. If they do not fit, the line scrolls to keep the chosen tab visible. */
export function TabStrip({ tabs, value }: TabStripProps) {
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which tab is selected is read from the page, after each change of it.
  useEffect(() => {
    const chosen = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    // Not scrollIntoView, which would scroll the page too.
    if (list.current && chosen) list.current.scrollLeft = chosen.offsetLeft - (list.current.clientWidth - chosen.clientWidth) / 2;
  }, [value]);
  return (
    <Tabs.List ref={list} mb="md" pos="relative" style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
      {tabs.map((tab) => (
        <Tabs.Tab key={tab.value} value={tab.value} className="nowrap" px={10}>
          {tab.label}
        </Tabs.Tab>
      ))}
    </Tabs.List>
  );
}
