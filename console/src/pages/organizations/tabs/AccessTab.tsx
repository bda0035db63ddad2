import { Badge, Box, Button, Group, Stack, Table, Text, TextInput, Title, VisuallyHidden } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../../api/client.ts';
import { Asked } from '../../../components/Asked.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { ChangeButton } from '../ChangeButton.tsx';
import { words } from '../words.ts';
import type { TabProps } from './tab.ts';
import { WhoCanCall } from './WhoCanCall.tsx';

/** The grants of an organization, the targets that follow from them, and who in it can call a target. */
export function AccessTab({ organization }: TabProps) {
  return (
    <Stack gap="xl">
      <Grants organization={organization} />
      <EffectiveSet organization={organization} />
    </Stack>
  );
}

function Grants({ organization }: Pick<TabProps, 'organization'>) {
  const { mode, targets, access_groups, ineffective } = organization.asset_access;
  const isNothing = mode === 'selected' && targets.length === 0 && access_groups.length === 0;
  return (
    <Box component="section" aria-label={words.grants}>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{words.grants}</Title>
        <ChangeButton organization={organization} at="access" />
      </Group>
      {mode === 'all' && <Text fz="sm">{words.everythingIsGranted}</Text>}
      {isNothing && <Text fz="sm">{words.nothingIsGranted}</Text>}
      {mode === 'selected' && !isNothing && (
        <Stack gap="xs">
          <Names label={words.targets} names={targets} ineffective={ineffective?.targets ?? []} why={words.wasDeletedNoEffect} />
          <Names
            label={words.accessGroups}
            names={access_groups}
            ineffective={ineffective?.access_groups ?? []}
            why={words.hasNoTargetsYet}
          />
        </Stack>
      )}
    </Box>
  );
}

interface NamesProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly ineffective: readonly string[];
  readonly why: string;
}

function Names({ label, names, ineffective, why }: NamesProps) {
  if (names.length === 0) return null;
  return (
    <div>
      <Text fz="xs" c="dimmed" mb={2}>
        {label}
      </Text>
      <Group gap={6}>
        {names.map((name) => (
          <Badge key={name} ff="monospace" fw={500} color={ineffective.includes(name) ? 'gray' : 'teal'}>
            {name}
          </Badge>
        ))}
      </Group>
      {ineffective.map((name) => (
        <Text key={name} fz="xs" c="dimmed" mt={2}>
          <span className="mono">{name}</span> {why}
        </Text>
      ))}
    </div>
  );
}

function EffectiveSet({ organization }: Pick<TabProps, 'organization'>) {
  const [search, setSearch] = useState('');
  const [state, setState] = useUrlState();
  const effective = useQuery({
    queryKey: ['organization', organization.id, 'effective-access'],
    queryFn: () => asked(api.GET('/organizations/{id}/effective-access', { params: { path: { id: organization.id } } })),
  });
  return (
    <Asked query={effective} shape="rows">
      {({ data }) => {
        if (data.length === 0) {
          return <EmptyState title={words.nothingCanBeCalled}>{words.grantSomething}</EmptyState>;
        }
        const found = data.filter(({ target }) => target.includes(search.trim()));
        return (
          <Box component="section" aria-label={words.effectiveSet}>
            <Group justify="space-between" mb="xs">
              <Title order={2}>{words.targetsCanBeCalled(data.length)}</Title>
              <TextInput
                size="xs"
                type="search"
                aria-label={words.searchTargets}
                placeholder={words.search}
                leftSection={<IconSearch size={14} />}
                value={search}
                onChange={(event) => setSearch(event.currentTarget.value)}
              />
            </Group>
            <TargetTable rows={found} onAsk={(target) => setState({ target })} />
            {state.target !== undefined && (
              <WhoCanCall
                organizationId={organization.id}
                target={state.target}
                onClose={() => setState({ target: undefined })}
              />
            )}
          </Box>
        );
      }}
    </Asked>
  );
}

const ROWS_SHOWN = 200;

function TargetTable({ rows, onAsk }: { rows: Schema<'EffectiveAccess'>['data']; onAsk: (target: string) => void }) {
  return (
    <TableScroll minWidth={280}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.target}</Table.Th>
            <Table.Th visibleFrom="xs">{words.type}</Table.Th>
            <Table.Th>{words.through}</Table.Th>
            <Table.Th visibleFrom="xs">{words.accessGroups}</Table.Th>
            <Table.Th>
              <VisuallyHidden>{words.whoCanCallIt}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, ROWS_SHOWN).map(({ target, kind, access_groups, through }) => (
            <Table.Tr key={target}>
              <Table.Td className="mono">{target}</Table.Td>
              <Table.Td visibleFrom="xs">{kind === 'model' ? words.model : words.routeGroup}</Table.Td>
              <Table.Td>{throughWords(through)}</Table.Td>
              <Table.Td className="mono" visibleFrom="xs">
                {access_groups.join(', ')}
              </Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={words.whoCanCallNamed(target)}
                  onClick={() => onAsk(target)}
                >
                  {words.whoCanCallItButton}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length > ROWS_SHOWN && (
        <Text fz="xs" c="dimmed">
          {words.firstShown(ROWS_SHOWN)}
        </Text>
      )}
    </TableScroll>
  );
}

function throughWords({ grant, access_group }: Schema<'EffectiveAccess'>['data'][number]['through']): string {
  if (grant === 'all') return words.everything;
  return grant === 'target' ? words.directGrant : words.accessGroup(access_group ?? '');
}
