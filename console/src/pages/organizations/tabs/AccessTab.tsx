import { Badge, Box, Button, Group, Stack, Table, Text, TextInput, Title, VisuallyHidden } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../../api/client.ts';
import { Asked } from '../../../components/Asked.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { TableScroll } from '../../../components/list/TableScroll.tsx';
import { countText } from '../../../numbers/numbers.ts';
import { ChangeButton } from '../ChangeButton.tsx';
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
    <Box component="section" aria-label="Grants">
      <Group justify="space-between" mb="xs">
        <Title order={2}>Grants</Title>
        <ChangeButton organization={organization} at="access" />
      </Group>
      {mode === 'all' && <Text fz="sm">Everything: the whole catalogue, future models included.</Text>}
      {isNothing && <Text fz="sm">Nothing. No model can be called until something is granted.</Text>}
      {mode === 'selected' && !isNothing && (
        <Stack gap="xs">
          <Names label="Targets" names={targets} ineffective={ineffective?.targets ?? []} why="was deleted and has no effect" />
          <Names
            label="Access groups"
            names={access_groups}
            ineffective={ineffective?.access_groups ?? []}
            why="has no targets yet; takes effect when you add one"
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
          <span className="mono">{name}</span> {why}.
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
          return (
            <EmptyState title="Nothing can be called">
              Grant a model, a route group or an access group. Its targets appear here at once.
            </EmptyState>
          );
        }
        const found = data.filter(({ target }) => target.includes(search.trim()));
        return (
          <Box component="section" aria-label="Effective set">
            <Group justify="space-between" mb="xs">
              <Title order={2}>
                {countText(data.length)} {data.length === 1 ? 'target' : 'targets'} can be called
              </Title>
              <TextInput
                size="xs"
                type="search"
                aria-label="Search targets"
                placeholder="Search"
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
            <Table.Th>Target</Table.Th>
            <Table.Th visibleFrom="xs">Type</Table.Th>
            <Table.Th>Through</Table.Th>
            <Table.Th visibleFrom="xs">Access groups</Table.Th>
            <Table.Th>
              <VisuallyHidden>Who can call it</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, ROWS_SHOWN).map(({ target, kind, access_groups, through }) => (
            <Table.Tr key={target}>
              <Table.Td className="mono">{target}</Table.Td>
              <Table.Td visibleFrom="xs">{kind === 'model' ? 'Model' : 'Route group'}</Table.Td>
              <Table.Td>{throughWords(through)}</Table.Td>
              <Table.Td className="mono" visibleFrom="xs">
                {access_groups.join(', ')}
              </Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-xs"
                  variant="subtle"
                  aria-label={`Who can call it? ${target}`}
                  onClick={() => onAsk(target)}
                >
                  Who can call it?
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length > ROWS_SHOWN && (
        <Text fz="xs" c="dimmed">
          The first {ROWS_SHOWN} are shown. Search for the others.
        </Text>
      )}
    </TableScroll>
  );
}

function throughWords({ grant, access_group }: Schema<'EffectiveAccess'>['data'][number]['through']): string {
  if (grant === 'all') return 'Everything';
  return grant === 'target' ? 'Direct grant' : `Access group ${access_group ?? ''}`;
}
