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
import { words } from './words.ts';

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
      {words.createAlertRule}
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
        {words.howRulesWork}
      </Text>
      {testing.isError && <ProblemNote error={testing.error} />}
      <DataList<AlertRule>
        name="alert-rules"
        fetch={fetchRules}
        filters={['organization_id']}
        columns={columnsOf(setDoing, testing.mutate)}
        searchLabel={words.searchByNameOrId}
        refetchMs={REFETCH_MS}
        controls={
          <Group gap="xs">
            <OwnOrganizationSelect
              permission="webhooks.manage"
              label={words.organization}
              placeholder={words.allRules}
              value={state.organization_id}
              onChange={(id) => set({ organization_id: id, cursor: undefined })}
            />
            {create}
          </Group>
        }
        empty={
          <EmptyState title={words.noAlertRulesYet} action={create}>
            {words.whatARuleDoes(isPlatforms)}
          </EmptyState>
        }
      />
      <CreateRule
        opened={state.new === 'rule' && mayCreate}
        organizationId={state.organization_id ?? (isPlatforms ? null : own)}
        onClose={() => set({ new: undefined })}
      />
      {doing?.is === 'edit' && <EditRule rule={doing.rule} onClose={done} />}
      {doing?.is === 'sent' && <AlertDeliveriesDialog alertId={doing.alertId} title={words.testOfTheAlertRule} onClose={done} />}
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
      title: words.rule,
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
    {
      accessor: 'threshold',
      title: words.condition,
      phone: { fact: 2 },
      render: (rule) => <Text fz="sm">{conditionText(rule)}</Text>,
    },
    { accessor: 'firing', title: words.status, phone: { fact: 1 }, render: (rule) => <Now rule={rule} /> },
    {
      accessor: 'organization_id',
      title: words.organization,
      render: ({ organization_id: id }) =>
        id === null ? (
          <Text fz="sm" c="dimmed">
            {words.thePlatform}
          </Text>
        ) : (
          <Named id={id} />
        ),
    },
    { accessor: 'webhook_ids', title: words.sendsTo, render: (rule) => <Text fz="sm">{tellsText(rule)}</Text> },
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
  if (!enabled) return <Badge color="gray">{words.disabled}</Badge>;
  if (first === undefined) return <Badge color="teal">{words.notFiring}</Badge>;
  const names = firing.flatMap(({ subject_name: name }) => (name === null ? [] : [name]));
  return (
    <Stack gap={2} maw={260}>
      <Group gap={6} wrap="nowrap">
        <Badge color="red" miw="max-content">
          {words.firing}
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
  const hooks = ids.length === 0 ? null : words.webhookCount(ids.length);
  const people = mail ? (organizationId === null ? words.platformAdmins : words.owners) : null;
  const all = [hooks, people].filter((one) => one !== null);
  return all.length === 0 ? words.onlyThisPage : all.join(', ');
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
    saved(words.isNow(rule.name, !rule.enabled));
    await queryClient.invalidateQueries({ queryKey: ['alert-rules'] });
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={words.actionsFor(rule.name)}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!allowed} onClick={onTest}>
          {words.sendATest}
        </Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => setDoing({ is: 'edit', rule })}>
          {words.edit}
        </Menu.Item>
        <Menu.Item disabled={!allowed} onClick={() => void turn()}>
          {rule.enabled ? words.disable : words.enable}
        </Menu.Item>
        <Menu.Item disabled={!allowed} color="red" onClick={() => setDoing({ is: 'delete', rule })}>
          {words.delete}
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
      title={words.deleteAlertRule}
      name={rule?.name ?? ''}
      verb={words.deleteAlertRule}
      consequences={[words.raisesNoMore, words.alertsAreKept]}
      action={async () => {
        if (rule === null) return;
        await asked(api.DELETE('/alert-rules/{id}', { params: { path: { id: rule.id } } }));
        saved(words.wasDeleted(rule.name));
        await queryClient.invalidateQueries({ queryKey: ['alert-rules'] });
      }}
    />
  );
}
