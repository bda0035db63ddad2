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
import { CanaryText } from '../route-groups/CanaryText.tsx';
import { inOrderWords } from '../route-groups/detours.ts';
import { strategyWords } from '../route-groups/policy.ts';
import { GroupLinks, PriceText } from './cells.tsx';
import { HealthBadge, useCooling } from './health.tsx';
import { RoutingDialog } from './RoutingDialog.tsx';
import { words } from './words.ts';

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
        <Title order={2}>{words.theModel(model.name)}</Title>
        <Group gap="xs">
          <Anchor component={PageLink} at={links.accessExplorer({ target: model.name })} fz="sm">
            {words.whoCanCallIt}
          </Anchor>
          <GuardedButton size="xs" variant="default" verdict={mayManage} onClick={() => setOpen('labels')}>
            {words.accessGroups}
          </GuardedButton>
          <GuardedButton size="xs" variant="default" verdict={mayManage} onClick={() => setOpen('routing')}>
            {words.routingAndFallbacks}
          </GuardedButton>
        </Group>
      </Group>
      <Paper withBorder p="sm">
        <Stack gap={6}>
          <Line label={words.accessGroups}>
            {model.access_groups.length === 0 ? words.noAccessGroups : <GroupLinks groups={model.access_groups} />}
          </Line>
          <Line label={words.strategy}>{strategyWords(model.strategy)}</Line>
          <Line label={words.sticky}>{model.sticky ? words.on : words.off}</Line>
          <Line label={words.cachedAnswers}>
            {model.cache_seconds === null ? words.notCached : words.cachedFor(model.cache_seconds)}
          </Line>
          <Line label={words.fallbacks}>
            {model.fallbacks.length === 0 ? words.noFallbacks : words.fallbacksInOrderIf(model.fallbacks.join(' → '))}
          </Line>
          <Line label={words.contextFallbacks}>
            {model.context_fallbacks.length === 0 ? words.noContextFallbacks : inOrderWords(model.context_fallbacks)}
          </Line>
          <Line label={words.policyFallbacks}>
            {model.policy_fallbacks.length === 0 ? words.noPolicyFallbacks : inOrderWords(model.policy_fallbacks)}
          </Line>
          <Line label={words.canary}>
            <CanaryText canary={model.canary} />
          </Line>
          <Line label={words.mirror}>
            <CanaryText canary={model.mirror} />
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
      <Table aria-label={words.deploymentsOf(model.name)}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.deployment}</Table.Th>
            <Table.Th>{words.health}</Table.Th>
            <Table.Th>{words.price}</Table.Th>
            <Table.Th ta="right">{words.weight}</Table.Th>
            <Table.Th ta="right">{words.priority}</Table.Th>
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
