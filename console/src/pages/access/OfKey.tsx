import { Anchor, Badge, Group, Switch, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { PlacedSelect } from '../../components/fields/PlacedSelect.tsx';
import { TargetPicker } from '../../components/fields/TargetPicker.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { PATHS } from '../../paths.ts';
import { StepChain } from './StepChain.tsx';
import { grantWords, type Level, removedWords, type Step } from './step-words.ts';
import { words } from './words.ts';

type KeyAccess = Schema<'KeyAccess'>;
type Explained = KeyAccess['data'][number];

/**
 * Lists what one key can call: every target its organization is granted, with the levels that pass it or the level that removes
 * it.
 */
export function OfKey() {
  const [state, setState] = useUrlState();
  const { key, target } = state;
  const access = useQuery({
    queryKey: ['access', 'explain-key', key, target],
    queryFn: () => explainKey(key ?? '', target),
    enabled: key !== undefined,
  });
  return (
    <>
      <Group align="flex-end" gap="sm">
        <PlacedSelect kind="key" label={words.key} value={key} onChange={(id) => setState({ key: id, ask: 'key' })} />
        <TargetPicker
          label={words.target}
          placeholder={words.allTargets}
          w={240}
          value={target ?? null}
          onChange={(name) => setState({ target: name ?? undefined, ask: 'key' })}
        />
      </Group>
      {key === undefined ? (
        <EmptyState title={words.chooseAKey}>{words.searchForKeyHint}</EmptyState>
      ) : (
        <Asked query={access}>{(found) => <Answer access={found} />}</Asked>
      )}
    </>
  );
}

async function explainKey(keyId: string, target: string | undefined): Promise<KeyAccess> {
  const query = { key_id: keyId, ...(target === undefined ? {} : { target }) };
  const answer = await asked(api.GET('/access/explain', { params: { query } }));
  if (!('key_id' in answer)) throw new Error('a question about a key is answered about a key');
  return answer;
}

const SHOWN_MAX = 500;

function Answer({ access }: { access: KeyAccess }) {
  const [search, setSearch] = useState('');
  const [isOnlyNo, setOnlyNo] = useState(false);
  const callable = access.data.filter(({ allowed }) => allowed).length;
  const rows = access.data.filter((row) => row.target.includes(search.trim()) && !(isOnlyNo && row.allowed));
  if (access.data.length === 0)
    return (
      <EmptyState title={words.thisKeyCanCallNothing}>
        {words.grantedNothing} <Named id={access.organization_id} />.
      </EmptyState>
    );
  return (
    <>
      <Group justify="space-between" gap="sm">
        <Text fz="sm">
          <Named id={access.key_id} /> {words.of} <Named id={access.team_id} />, <Named id={access.organization_id} />
          {words.canCall} <b>{callable}</b> {words.ofTargets(access.data.length)}
        </Text>
        <Group gap="sm">
          <TextInput
            aria-label={words.filterByName}
            placeholder={words.filterByName}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Switch
            label={words.showOnlyExcluded}
            checked={isOnlyNo}
            onChange={(event) => setOnlyNo(event.currentTarget.checked)}
          />
        </Group>
      </Group>
      <Table.ScrollContainer minWidth={760}>
        <Table withTableBorder aria-label={words.whatTheKeyCanCall}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.target}</Table.Th>
              <Table.Th>{words.canCallColumn}</Table.Th>
              <Table.Th>{words.why}</Table.Th>
              <Table.Th>{words.levelByLevel}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, SHOWN_MAX).map((row) => (
              <Row key={row.target} row={row} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {rows.length > SHOWN_MAX && (
        <Text fz="sm" c="dimmed">
          {words.firstShown(SHOWN_MAX, rows.length)}
        </Text>
      )}
    </>
  );
}

function Row({ row }: { row: Explained }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor
          component={Link}
          to={`${PATHS.accessExplorer}?ask=target&target=${encodeURIComponent(row.target)}`}
          fz="sm"
          fw={500}
        >
          {row.target}
        </Anchor>
        {row.type === 'route_group' && (
          <Text component="span" fz="xs" c="dimmed" ml={6}>
            {words.routeGroup}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Badge color={row.allowed ? 'green' : 'red'} miw="max-content">
          {row.allowed ? words.yes : words.no}
        </Badge>
      </Table.Td>
      <Table.Td>{row.allowed ? allowedWords(row.grant as Step | null) : removedWords(row.removed_by as Level | null)}</Table.Td>
      <Table.Td>
        <StepChain steps={row.steps} />
      </Table.Td>
    </Table.Tr>
  );
}

function allowedWords(grant: Step | null): string {
  const words = grantWords(grant);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
