import { Badge, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { countText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

type Target = Schema<'KeyAccess'>['data'][number];

const SHOWN = 200;

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
        {words.itCanCall} <b>{countText(allowed)}</b> {words.ofGranted(all.length)}
      </Text>
      {all.length > 10 && (
        <TextInput
          w={280}
          maw="100%"
          type="search"
          aria-label={words.searchTargets}
          placeholder={words.searchTargets}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <Table.ScrollContainer minWidth={340}>
        <Table withTableBorder highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.target}</Table.Th>
              <Table.Th visibleFrom="sm">{words.type}</Table.Th>
              <Table.Th>{words.canCall}</Table.Th>
              <Table.Th>{words.why}</Table.Th>
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
          {words.firstShown(SHOWN)}
        </Text>
      )}
    </Stack>
  );
}

function Row({ of: target }: { of: Target }) {
  return (
    <Table.Tr>
      <Table.Td className="mono">{target.target}</Table.Td>
      <Table.Td visibleFrom="sm">{target.type === 'route_group' ? words.routeGroup : words.model}</Table.Td>
      <Table.Td>
        <Badge color={target.allowed ? 'green' : 'gray'} miw="max-content">
          {target.allowed ? words.yes : words.no}
        </Badge>
      </Table.Td>
      <Table.Td>{reasonOf(target)}</Table.Td>
    </Table.Tr>
  );
}

function reasonOf({ allowed, grant, removed_by }: Target): string {
  if (!allowed) return removed_by === null ? words.notGranted : words.excludedBy(words.levels[removed_by]);
  if (grant === null) return words.granted;
  const through =
    grant.access_group !== null
      ? words.accessGroup(grant.access_group)
      : grant.through === 'all'
        ? words.everythingIsGranted
        : words.grantedByName;
  return words.through(words.levels[grant.level], through);
}

function Nothing() {
  return <EmptyState title={words.nothingIsGranted}>{words.whoGrants}</EmptyState>;
}
