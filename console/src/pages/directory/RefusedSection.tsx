import { Stack, Text } from '@mantine/core';
import { type DirectoryRefusal, listDirectoryRefusals } from '../../api/directory.ts';
import type { Organization } from '../../api/organizations.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Section } from '../../components/Section.tsx';
import { Time } from '../../components/Time.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

/** Lists what the endpoint refused lately, and why. */
export function RefusedSection({ organization }: { organization: Organization }) {
  return (
    <Section title={words.refused}>
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.refusedMeans}
      </Text>
      <DataList<DirectoryRefusal>
        name="directory-refusals"
        scope={[organization.id]}
        fetch={({ limit, cursor }) => listDirectoryRefusals(organization.id, { limit, cursor })}
        columns={COLUMNS}
        empty={<EmptyState title={words.nothingRefused}>{words.nothingRefusedHint}</EmptyState>}
      />
    </Section>
  );
}

const COLUMNS: ListColumn<DirectoryRefusal>[] = [
  {
    accessor: 'subject',
    title: words.subject,
    phone: 'title',
    render: ({ subject, resource, method }) => (
      <Stack gap={0} maw={280}>
        <Text fz="sm" fw={500} truncate title={subject}>
          <bdi>{subject}</bdi>
        </Text>
        <Text fz="xs" c="dimmed">
          {words.kinds[resource]} · {method}
        </Text>
      </Stack>
    ),
  },
  {
    accessor: 'detail',
    title: words.why,
    phone: { fact: 1 },
    render: ({ detail }) => (
      <Text fz="sm" maw={560} style={{ overflowWrap: 'anywhere' }}>
        {detail}
      </Text>
    ),
  },
  {
    accessor: 'last_at',
    title: words.last,
    phone: { fact: 2 },
    render: ({ last_at, times }) => (
      <>
        <Time at={last_at} relative />
        {times > 1 && (
          <Text fz="xs" c="dimmed">
            {words.times(countText(times))}
          </Text>
        )}
      </>
    ),
  },
];
