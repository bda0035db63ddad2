import { Button, Popover, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBookmark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { listViews, type ViewPath } from '../../api/saved-views.ts';
import { Asked } from '../Asked.tsx';
import { SaveView } from './SaveView.tsx';
import { ViewRow } from './ViewRow.tsx';

/** Saves the filters of a page under a name, and opens, renames and deletes what was saved. */
export function SavedViews({ path }: { path: ViewPath }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const query = useQuery({ queryKey: ['saved-views', path], queryFn: () => listViews(path), enabled: opened });
  return (
    // With its own roles, the library would name the dialog by its button.
    <Popover
      opened={opened}
      onChange={close}
      position="bottom-end"
      width={340}
      trapFocus
      returnFocus
      shadow="md"
      withRoles={false}
    >
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconBookmark size={16} />}
          onClick={toggle}
          aria-haspopup="dialog"
          aria-expanded={opened}
        >
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown role="dialog" aria-label="Saved views">
        <Stack gap="sm">
          <Asked query={query}>
            {(views) => (
              <Stack gap={4} mah={260} style={{ overflowY: 'auto' }}>
                {views.length === 0 && (
                  <Text fz="sm" c="dimmed">
                    No saved views yet. Set filters on this page, then save them here under a name.
                  </Text>
                )}
                {views.map((view) => (
                  <ViewRow key={view.id} view={view} onOpen={close} />
                ))}
              </Stack>
            )}
          </Asked>
          <SaveView path={path} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
