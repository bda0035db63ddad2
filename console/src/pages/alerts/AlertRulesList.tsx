import { ActionIcon, Badge, Group, Menu, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { organizationsWith, useCanAnywhere, useSession, verdictOf } from '../../api/session.tsx';
import { ProblemNote } from '../../components/Asked.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { Named } from '../../components/Named.tsx';
import { Time } from '../../components/Time.tsx';
import { AlertDeliveriesDialog } from './AlertDeliveriesDialog.tsx';
import { CreateRule, EditRule } from './RuleDialogs.tsx';
import { type AlertRule, conditionText, RULE_KINDS } from './rule-draft.ts';

type Doing =
  | { readonly is: 'edit' | 'delete'; readonly rule: AlertRule }
  | { readonly is: 'sent'; readonly alertId: string }
  | null;

const REFETCH_MS = 15_000;

/** Lists the alert rules in reach: what each watches, whether it fires, and whom it tells. */
export function AlertRulesList() {
  const [state, set] = useUrlState();
  const session = useSession();
  const [doing, setDoing] = useState<Doing>(null);
  const isPlatforms = session.platform_capabilities.includes('webhooks.manage');
  const own = organizationsWith(session, 'webhooks.manage')[0]?.organization_id ?? null;
  const mayCreate = useCanAnywhere('webhooks.manage');
  const open = () => mayCreate && set({ new: 'rule' });
  useHotkeys([['n', open]]);
  const create = (
    <GuardedButton
      verdict={verdictOf('webhooks.manage', mayCreate ? ['webhooks.manage'] : [])}
      leftSection={<IconPlus size={16} />}
      onClick={open}
    >
      Create alert rule
    </GuardedButton>
  );
  const done = () => setDoing(null);
  const testing = useMutation({
    mutationFn: (rule: AlertRule) => asked(api.POST('/alert-rules/{id}/test', { params: { path: { id: rule.id } } })),
    onSuccess: ({ alert_id: alertId }) => setDoing({ is: 'sent', alertId }),
  });
  return (
    <>
      <Text fz="sm" c="dimmed" mb="sm">
        A rule is looked at once a minute. One incident is one alert, and one message when it has ended.
      </Text>
      {testing.isError && <ProblemNote error={testing.error} />}
      <DataList<AlertRule>
        name="alert-rules"
        fetch={fetchRules}
        filters={['organization_id']}
        columns={columnsOf(setDoing, testing.mutate)}
        searchLabel="Search by name or id"
        refetchMs={REFETCH_MS}
        controls={
          <Group gap="xs">
            <OwnOrganizationSelect
              permission="webhooks.manage"
              label="Of the organization"
              placeholder="Any place"
              value={state.organization_id}
              onChange={(id) => set({ organization_id: id, cursor: undefined })}
            />
            {create}
          </Group>
        }
        empty={
          <EmptyState title="No alert rules yet" action={create}>
            Create a rule to be told when requests fail or are refused, or when spend is unusual
            {isPlatforms ? ', when a provider is down or a credential ends' : ''}.
          </EmptyState>
        }
      />
      <CreateRule
        opened={state.new === 'rule' && mayCreate}
        organizationId={state.organization_id ?? (isPlatforms ? null : own)}
        onClose={() => set({ new: undefined })}
      />
      {doing?.is === 'edit' && <EditRule rule={doing.rule} onClose={done} />}
      {doing?.is === 'sent' && <AlertDeliveriesDialog alertId={doing.alertId} title="Test of the alert rule" onClose={done} />}
      <DeleteRule rule={doing?.is === 'delete' ? doing.rule : null} onClose={done} />
    </>
  );
}

function fetchRules(query: ListQuery) {
  return asked(api.GET('/alert-rules', { params: { query: queryOf('/alert-rules', query) } }));
}

function columnsOf(setDoing: (doing: Doing) => void, test: (rule: AlertRule) => void): ListColumn<AlertRule>[] {
  return [
    {
      accessor: 'name',
      title: 'Rule',
      sortable: true,
      phone: 'title',
      render: ({ name, kind }) => (
        <Stack gap={0} maw={300}>
          <Text fz="sm" fw={500} truncate title={name}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed">
            {RULE_KINDS[kind].label}
          </Text>
        </Stack>
      ),
    },
    { accessor: 'threshold', title: 'Fires', phone: { fact: 2 }, render: (rule) => <Text fz="sm">{conditionText(rule)}</Text> },
    { accessor: 'firing', title: 'Now', phone: { fact: 1 }, render: (rule) => <Now rule={rule} /> },
    {
      accessor: 'organization_id',
      title: 'Organization',
      render: ({ organization_id: id }) =>
        id === null ? (
          <Text fz="sm" c="dimmed">
            The platform
          </Text>
        ) : (
          <Named id={id} />
        ),
    },
    { accessor: 'webhook_ids', title: 'Tells', render: (rule) => <Text fz="sm">{tellsText(rule)}</Text> },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (rule) => <RowMenu rule={rule} setDoing={setDoing} onTest={() => test(rule)} />,
    },
  ];
}

function Now({ rule: { enabled, firing } }: { rule: AlertRule }) {
  const [first] = firing;
  if (!enabled) return <Badge color="gray">Off</Badge>;
  if (first === undefined) return <Badge color="teal">Quiet</Badge>;
  const names = firing.flatMap(({ subject_name: name }) => (name === null ? [] : [name]));
  return (
    <Stack gap={2} maw={260}>
      <Group gap={6} wrap="nowrap">
        <Badge color="red" miw="max-content">
          Firing
        </Badge>
        <Time at={first.since} relative />
      </Group>
      {names.length > 0 && (
        <Text fz="xs" c="dimmed" truncate title={names.join(', ')}>
          {names.join(', ')}
        </Text>
      )}
    </Stack>
  );
}

function tellsText({ webhook_ids: ids, mail, organization_id: organizationId }: AlertRule): string {
  const hooks = ids.length === 0 ? null : ids.length === 1 ? '1 webhook' : `${ids.length} webhooks`;
  const people = mail ? (organizationId === null ? 'platform admins' : 'owners') : null;
  const all = [hooks, people].filter((one) => one !== null);
  return all.length === 0 ? 'nobody; only this page' : all.join(', ');
}

interface RowMenuProps {
  readonly rule: AlertRule;
  readonly setDoing: (doing: Doing) => void;
  readonly onTest: () => void;
}

function RowMenu({ rule, setDoing, onTest }: RowMenuProps) {
  const queryClient = useQueryClient();
  const { allowed } = verdictOf('webhooks.manage', rule.capabilities);
  const turn = async () => {
    const body = { enabled: !rule.enabled };
    await asked(api.PATCH('/alert-rules/{id}', { params: { path: { id: rule.id } }, body }));
    saved(`${rule.name} is ${rule.enabled ? 'off' : 'on'}.`);
    await queryClient.invalidateQueries({ queryKey: ['alert-rules'] });
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${rule.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!allowed} onClick={onTest}>
          Send a test
        </Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => setDoing({ is: 'edit', rule })}>
          Edit
        </Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => void turn()}>
          {rule.enabled ? 'Turn off' : 'Turn on'}
        </Menu.Item>
        <Menu.Item disabled={!allowed} color="red" onClick={() => setDoing({ is: 'delete', rule })}>
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function DeleteRule({ rule, onClose }: { rule: AlertRule | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={rule !== null}
      onClose={onClose}
      title="Delete alert rule"
      name={rule?.name ?? ''}
      verb="Delete alert rule"
      consequences={['Nobody is told of what it watches any more.', 'The alerts that it raised are kept.']}
      action={async () => {
        if (rule === null) return;
        await asked(api.DELETE('/alert-rules/{id}', { params: { path: { id: rule.id } } }));
        saved(`${rule.name} was deleted.`);
        await queryClient.invalidateQueries({ queryKey: ['alert-rules'] });
      }}
    />
  );
}
