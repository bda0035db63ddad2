import { Anchor, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { LabelsDialog } from '../access-groups/LabelsDialog.tsx';
import { strategyWords } from '../route-groups/policy.ts';
import { GroupLinks, PriceText } from './cells.tsx';
import { HealthBadge, useCooling } from './health.tsx';
import { RoutingDialog } from './RoutingDialog.tsx';

type Model = Schema<'Model'>;
const DEPLOYMENTS_MAX = 50;

/** The settings of a model name: its deployments, its fallbacks and its access groups. */
export function ModelSection({ name }: { name: string }) {
  const model = useQuery({
    queryKey: ['model', name],
    queryFn: () => asked(api.GET('/models/{name}', { params: { path: { name } } })),
  });
  return <Asked query={model}>{(found) => <Section model={found} />}</Asked>;
}

function Section({ model }: { model: Model }) {
  const [open, setOpen] = useState<'routing' | 'labels' | null>(null);
  const mayManage = verdictOf('catalogue.manage', model);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2}>The model “{model.name}”</Title>
        <Group gap="xs">
          <Anchor component={PageLink} at={links.accessExplorer({ target: model.name })} fz="sm">
            Who can call it?
          </Anchor>
          <GuardedButton size="xs" variant="default" verdict={mayManage} onClick={() => setOpen('labels')}>
            Access groups
          </GuardedButton>
          <GuardedButton size="xs" variant="default" verdict={mayManage} onClick={() => setOpen('routing')}>
            Routing and fallbacks
          </GuardedButton>
        </Group>
      </Group>
      <Paper withBorder p="sm">
        <Stack gap={6}>
          <Line label="Access groups">
            {model.access_groups.length === 0 ? (
              'None. It can be granted only by its name, or with everything.'
            ) : (
              <GroupLinks groups={model.access_groups} />
            )}
          </Line>
          <Line label="Strategy">{strategyWords(model.strategy)}</Line>
          <Line label="Fallbacks">
            {model.fallbacks.length === 0
              ? 'None. If all of its deployments fail, the request fails.'
              : `${model.fallbacks.join(' → ')}, if the caller may call them`}
          </Line>
        </Stack>
        <Deployments model={model} />
      </Paper>
      <RoutingDialog model={model} opened={open === 'routing'} onClose={() => setOpen(null)} />
      <LabelsDialog name={model.name} opened={open === 'labels'} onClose={() => setOpen(null)} />
    </Stack>
  );
}

function Line({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Group gap="xs" align="baseline" style={{ rowGap: 0 }}>
      <Text fz="sm" c="dimmed" w={170}>
        {label}
      </Text>
      <Text fz="sm" component="div" flex={1} miw={180}>
        {children}
      </Text>
    </Group>
  );
}

function Deployments({ model }: { model: Model }) {
  const cooling = useCooling();
  const deployments = useQuery({
    queryKey: ['deployments', 'of-model', model.name],
    queryFn: () =>
      asked(api.GET('/deployments', { params: { query: { model: model.name, limit: DEPLOYMENTS_MAX, sort: 'created_at' } } })),
  });
  const rows = deployments.data?.data ?? [];
  if (rows.length < 2) return null;
  return (
    <Table.ScrollContainer minWidth={520} mt="sm">
      <Table aria-label={`Deployments of ${model.name}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Deployment</Table.Th>
            <Table.Th>Health</Table.Th>
            <Table.Th>Price</Table.Th>
            <Table.Th ta="right">Weight</Table.Th>
            <Table.Th ta="right">Priority</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td>
                <Anchor component={PageLink} at={links.deployment(row.id)} fz="sm">
                  {row.upstream_model} · {row.tags.join(', ') || row.id.slice(-6)}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <HealthBadge deployment={row} cooling={cooling} />
              </Table.Td>
              <Table.Td>
                <PriceText prices={row.prices} lacks={row.unpriced_units} />
              </Table.Td>
              <Table.Td ta="right">{row.weight}</Table.Td>
              <Table.Td ta="right">{row.priority}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
