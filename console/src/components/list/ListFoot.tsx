import { Button, Group, Select, Text } from '@mantine/core';
import { IconArrowLeft, IconArrowRight } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { countText } from '../../numbers/numbers.ts';
import type { List } from './useList.ts';
import { words } from './words.ts';

const PAGE_SIZES = ['25', '50', '100', '200'];

/** The foot of a list: the total, the page size, and the buttons Back and Next. */
export function ListFoot<T>({ list: { answer, limit, cursor, set } }: { list: List<T> }) {
  const router = useRouter();
  const page = answer.data;
  return (
    <Group justify="space-between" mt="xs" gap="sm">
      <Text fz="sm" c="dimmed" aria-live="polite">
        {page?.total === undefined ? words.shown(page?.data.length ?? 0) : words.inTotal(countText(page.total))}
      </Text>
      <Group gap="xs">
        <Select
          aria-label={words.rowsOnAPage}
          size="xs"
          w={76}
          data={PAGE_SIZES}
          value={String(limit)}
          allowDeselect={false}
          onChange={(value) => set({ limit: value === '50' ? undefined : (value ?? undefined), cursor: undefined })}
        />
        <Button
          size="xs"
          variant="default"
          leftSection={<IconArrowLeft size={14} />}
          disabled={cursor === undefined}
          onClick={() => (router.history.canGoBack() ? router.history.back() : set({ cursor: undefined }))}
        >
          {words.back}
        </Button>
        <Button
          size="xs"
          variant="default"
          rightSection={<IconArrowRight size={14} />}
          disabled={page?.next_cursor == null}
          onClick={() => set({ cursor: page?.next_cursor ?? undefined }, 'push')}
        >
          {words.next}
        </Button>
      </Group>
    </Group>
  );
}
