import { Badge, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { countText } from '../../numbers/numbers.ts';

type Target = Schema<'KeyAccess'>['data'][number];

const SHOWN = 200;
const LEVELS = {
  organization: 'the organization',
  team: 'the team',
  user: 'its owner’s own access',
  key: 'the key itself',
} as const;

/** Lists what this key can call and through which grant. For every other target, names the level that removed it. */
export function KeyAccess({ keyId }: { keyId: string }) {
  const access = useQuery({
    queryKey: ['access', 'of-key', keyId],
    queryFn: async () => {
      const answer = await asked(api.GET('/access/explain', { params: { query: { key_id: keyId } } }));
      return 'key_id' in answer ? answer.data : [];
    },
  });
  return <Asked query={access}>{(targets) => (targets.length === 0 ? <Nothing /> : <Targets all={targets} />)}</Asked>;
}

function Targets({ all }: { all: readonly Target[] }) {
  const [search, setSearch] = useState('');
  const found = all.filter(({ target }) => target.toLowerCase().includes(search.trim().toLowerCase()));
  const sorted = [...found].sort((a, b) => Number(b.allowed) - Number(a.allowed));
  const allowed = all.filter((target) => target.allowed).length;
  return (
    <Stack gap="sm">
      <Text fz="sm" role="status">
        It can call <b>{countText(allowed)}</b> of the {countText(all.length)} targets its organization is granted.
      </Text>
      {all.length > 10 && (
        <TextInput
          w={280}
          maw="100%"
          type="search"
          aria-label="Search targets"
          placeholder="Search targets"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <Table.ScrollContainer minWidth={520}>
        <Table withTableBorder highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Target</Table.Th>
              <Table.Th>Type</Table.Th>
              <Table.Th>Can call</Table.Th>
              <Table.Th>Why</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sorted.slice(0, SHOWN).map((target) => (
              <Row key={target.target} of={target} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {sorted.length > SHOWN && (
        <Text fz="sm" c="dimmed">
          The first {SHOWN} are shown. Search for the others.
        </Text>
      )}
    </Stack>
  );
}

function Row({ of: target }: { of: Target }) {
  return (
    <Table.Tr>
      <Table.Td className="mono">{target.target}</Table.Td>
      <Table.Td>{target.type === 'route_group' ? 'Route group' : 'Model'}</Table.Td>
      <Table.Td>
        <Badge color={target.allowed ? 'green' : 'gray'}>{target.allowed ? 'Yes' : 'No'}</Badge>
      </Table.Td>
      <Table.Td>{reasonOf(target)}</Table.Td>
    </Table.Tr>
  );
}

function reasonOf({ allowed, grant, removed_by }: Target): string {
  if (!allowed) return removed_by === null ? 'Not granted.' : `Excluded by ${LEVELS[removed_by]}.`;
  if (grant === null) return 'Granted.';
  const through =
    grant.access_group !== null
      ? `access group ${grant.access_group}`
      : grant.through === 'all'
        ? 'everything is granted'
        : 'granted by name';
  return `Through ${LEVELS[grant.level]}: ${through}.`;
}

function Nothing() {
  return (
    <EmptyState title="Nothing is granted">
      The organization of this key is granted no model or route group. A platform admin can grant them on the organization’s page,
      under Asset access.
    </EmptyState>
  );
}
