import { Box, Tabs } from '@mantine/core';
import { useEffect, useRef } from 'react';

interface TabStripProps {
  readonly tabs: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
}

/** A page's tabs in one line. If they do not fit, the line scrolls to keep the chosen tab visible. */
export function TabStrip({ tabs, value }: TabStripProps) {
  const strip = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which tab is selected is read from the page, after each change of it.
  useEffect(() => {
    const chosen = strip.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    // Not scrollIntoView, which would scroll the page too.
    if (strip.current && chosen)
      strip.current.scrollLeft = chosen.offsetLeft - (strip.current.clientWidth - chosen.clientWidth) / 2;
  }, [value]);
  return (
    <Box ref={strip} mb="md" style={{ overflowX: 'auto', overflowY: 'hidden' }}>
      {/* As wide as its tabs, so that the line below them has no end. */}
      <Tabs.List style={{ flexWrap: 'nowrap', width: 'max-content', minWidth: '100%' }}>
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.value} value={tab.value} className="nowrap" px={10}>
            {tab.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Box>
  );
}
