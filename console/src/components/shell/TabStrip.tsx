import { Box, Button, Group, Menu, Tabs } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { words } from './words.ts';

interface StripTab {
  readonly value: string;
  readonly label: string;
  /** True for a tab behind “More”, on a page with more tabs than fit. It is in the line only while it is open. */
  readonly isMore?: boolean;
}

interface TabStripProps {
  readonly tabs: readonly StripTab[];
  readonly value: string;
  /** Opens a tab behind “More”. */
  readonly onMore?: (value: string) => void;
}

/** A page's tabs in one line. If they do not fit, as on a phone, the line scrolls to keep the chosen tab visible. */
export function TabStrip({ tabs, value, onMore }: TabStripProps) {
  const strip = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which tab is selected is read from the page, after each change of it.
  useEffect(() => {
    const chosen = strip.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    // Not scrollIntoView, which would scroll the page too.
    if (strip.current && chosen)
      strip.current.scrollLeft = chosen.offsetLeft - (strip.current.clientWidth - chosen.clientWidth) / 2;
  }, [value]);
  const behind = tabs.filter(({ isMore }) => isMore === true);
  // A menu of one entry would only be one more click.
  const hasMenu = onMore !== undefined && behind.length > 1;
  const shown = hasMenu ? tabs.filter((tab) => tab.isMore !== true || tab.value === value) : tabs;
  return (
    <Group mb="md" gap={0} wrap="nowrap" align="stretch">
      <Box ref={strip} flex={1} miw={0} style={{ overflowX: 'auto', overflowY: 'hidden' }}>
        {/* As wide as its tabs, so that the line below them has no end. */}
        <Tabs.List style={{ flexWrap: 'nowrap', width: 'max-content', minWidth: '100%' }}>
          {shown.map((tab) => (
            <Tabs.Tab key={tab.value} value={tab.value} className="nowrap" px={10}>
              {tab.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Box>
      {hasMenu && <More tabs={behind} value={value} onMore={onMore} />}
    </Group>
  );
}

/** The tabs that are not in the line. It stays in place while the line scrolls. */
function More({ tabs, value, onMore }: Required<TabStripProps>) {
  return (
    <Box display="flex" style={{ borderBottom: '2px solid var(--mantine-color-default-border)' }}>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            size="sm"
            h="auto"
            fw={400}
            px={10}
            c="var(--mantine-color-text)"
            rightSection={<IconChevronDown size={14} />}
            styles={{ section: { marginInlineStart: 4 } }}
          >
            {words.more}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {tabs.map((tab) => (
            <Menu.Item key={tab.value} aria-current={tab.value === value ? 'page' : undefined} onClick={() => onMore(tab.value)}>
              {tab.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Box>
  );
}
