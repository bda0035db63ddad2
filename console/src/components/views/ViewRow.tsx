import { ActionIcon, Anchor, Group, Text, TextInput, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { changeView, deleteView, type SavedView, saveView } from '../../api/saved-views.ts';
import { doneWithUndo } from '../dialogs/doneWithUndo.tsx';

/** A saved view in the list: a link that opens it, and buttons that rename and delete it. Both can be undone. */
export function ViewRow({ view, onOpen }: { view: SavedView; onOpen: () => void }) {
  const [isNaming, setNaming] = useState(false);
  const { history } = useRouter();
  const make = useChange();
  const address = view.query === '' ? view.path : `${view.path}?${view.query}`;
  if (isNaming) return <Rename view={view} onDone={() => setNaming(false)} />;
  return (
    <Group gap={4} wrap="nowrap" justify="space-between">
      <Anchor
        href={address}
        truncate
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          onOpen();
          history.push(address);
        }}
      >
        <bdi>{view.name}</bdi>
      </Anchor>
      <Group gap={2} wrap="nowrap">
        {!view.is_own && (
          <Text fz="xs" c="dimmed" truncate maw={110}>
            by <bdi>{view.owner_name}</bdi>
          </Text>
        )}
        {view.is_own && view.organization_id !== null && (
          <Text fz="xs" c="dimmed">
            shared
          </Text>
        )}
        {view.may_change && (
          <>
            <Tooltip label="Rename">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Rename the view ${view.name}`}
                onClick={() => setNaming(true)}
              >
                <IconPencil size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Delete">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete the view ${view.name}`}
                onClick={() =>
                  void make(
                    () => deleteView(view.id),
                    `Deleted the view ${view.name}.`,
                    () => saveView(view),
                  )
                }
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
      </Group>
    </Group>
  );
}

function Rename({ view, onDone }: { view: SavedView; onDone: () => void }) {
  const [name, setName] = useState(view.name);
  const make = useChange();
  // Removing the field takes the focus from it, which would apply the name a second time.
  const isOver = useRef(false);
  const apply = () => {
    if (isOver.current) return;
    isOver.current = true;
    onDone();
    const wanted = name.trim();
    if (wanted === '' || wanted === view.name) return;
    void make(
      () => changeView(view.id, { name: wanted }),
      `Renamed the view to ${wanted}.`,
      () => changeView(view.id, { name: view.name }),
    );
  };
  return (
    <TextInput
      size="xs"
      aria-label={`New name of the view ${view.name}`}
      data-autofocus
      autoFocus
      maxLength={80}
      value={name}
      onChange={(event) => setName(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply();
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        isOver.current = true;
        onDone();
      }}
    />
  );
}

/** Returns a function that makes a change of views, reloads their list, and offers to undo it. */
function useChange() {
  const queryClient = useQueryClient();
  const reload = () => queryClient.invalidateQueries({ queryKey: ['saved-views'] });
  return async (change: () => Promise<unknown>, message: string, undo: () => Promise<unknown>) => {
    try {
      await change();
      await reload();
      doneWithUndo(message, async () => {
        await undo();
        await reload();
      });
    } catch (error) {
      notifications.show({ color: 'red', title: 'Not changed', message: (error as Error).message });
    }
  };
}
