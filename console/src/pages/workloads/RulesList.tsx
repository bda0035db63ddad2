import { Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { useCan, type Verdict } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { ActionMenu } from '../../components/list/ActionMenu.tsx';
import type { ListColumn } from '../../components/list/column.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { NameText } from '../../components/Named.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Time } from '../../components/Time.tsx';
import { conditionText } from './condition-draft.ts';
import { RuleKeys } from './RuleKeys.tsx';
import { RuleOwner } from './RuleOwner.tsx';
import type { Rule } from './rule-draft.ts';
import { CreateRule, EditRule } from './TrustRuleDialogs.tsx';
import { words } from './words.ts';

type Doing = { readonly is: 'edit' | 'keys' | 'delete'; readonly rule: Rule } | null;
type Do = (doing: Doing) => void;

/** Lists the rules by which tokens get keys. */
export function RulesList({ organizationId }: { organizationId: string }) {
  const [state, set] = useUrlState();
  const [doing, setDoing] = useState<Doing>(null);
  const verdict = useCan('trust.manage', organizationId);
  const open = () => verdict.allowed && set({ new: 'rule' }, 'push');
  useHotkeys([['n', open]]);
  const create = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={open}>
      {words.createRule}
    </GuardedButton>
  );
  const done = () => setDoing(null);
  return (
    <>
      <DataList<Rule>
        name="trust-rules"
        scope={[organizationId]}
        fetch={(query) => fetchRules(query, organizationId)}
        columns={columnsOf(setDoing, verdict)}
        searchLabel={words.searchByNameOrId}
        controls={create}
        empty={
          <EmptyState title={words.noRulesYet} action={create}>
            {words.rulesHint}
          </EmptyState>
        }
      />
      <CreateRule
        opened={state.new === 'rule' && verdict.allowed}
        organizationId={organizationId}
        onClose={() => set({ new: undefined })}
      />
      {doing?.is === 'edit' && <EditRule rule={doing.rule} onClose={done} />}
      {doing?.is === 'keys' && <RuleKeys rule={doing.rule} onClose={done} />}
      <DeleteDialog rule={doing?.is === 'delete' ? doing.rule : null} onClose={done} />
    </>
  );
}

function fetchRules(query: ListQuery, id: string) {
  return asked(
    api.GET('/organizations/{id}/trust-rules', {
      params: { path: { id }, query: queryOf('/organizations/{id}/trust-rules', query) },
    }),
  );
}

function columnsOf(setDoing: Do, verdict: Verdict): ListColumn<Rule>[] {
  return [
    {
      accessor: 'name',
      title: words.name,
      sortable: true,
      phone: 'title',
      render: ({ name, id }) => (
        <Stack gap={0} maw={280}>
          <Text fz="sm" fw={500} truncate title={name}>
            <bdi>{name}</bdi>
          </Text>
          <Text fz="xs" c="dimmed" className="mono" truncate title={id}>
            {id}
          </Text>
        </Stack>
      ),
    },
    { accessor: 'status', title: words.status, phone: { fact: 1 }, render: ({ status }) => <StatusBadge status={status} /> },
    {
      accessor: 'conditions',
      title: words.conditions,
      phone: { fact: 3 },
      render: ({ conditions }) => (
        <Stack gap={0} maw={360}>
          {conditions.map((condition) => (
            <Text key={condition.claim} fz="xs" className="mono" truncate title={conditionText(condition)}>
              {conditionText(condition)}
            </Text>
          ))}
        </Stack>
      ),
    },
    {
      accessor: 'team_id',
      title: words.team,
      phone: { fact: 2 },
      render: (rule) => (
        <Stack gap={0} maw={220}>
          <NameText id={rule.team_id} />
          <Text fz="xs" c="dimmed" truncate component="div">
            <RuleOwner rule={rule} />
          </Text>
        </Stack>
      ),
    },
    {
      accessor: 'created_at',
      title: words.created,
      sortable: true,
      noWrap: true,
      render: ({ created_at }) => <Time at={created_at} />,
    },
    {
      accessor: 'actions',
      title: '',
      width: 52,
      phone: 'menu',
      render: (rule) => <Actions rule={rule} verdict={verdict} setDoing={setDoing} />,
    },
  ];
}

function Actions({ rule, verdict, setDoing }: { rule: Rule; verdict: Verdict; setDoing: Do }) {
  const queryClient = useQueryClient();
  const isActive = rule.status === 'active';
  const turn = async () => {
    const path = { id: rule.organization_id, rule_id: rule.id };
    const body = { status: isActive ? ('disabled' as const) : ('active' as const) };
    await asked(api.PATCH('/organizations/{id}/trust-rules/{rule_id}', { params: { path }, body }));
    saved(isActive ? words.isDisabled(rule.name) : words.isActive(rule.name));
    await queryClient.invalidateQueries({ queryKey: ['trust-rules'] });
  };
  return (
    <ActionMenu
      label={words.actionsFor(rule.name)}
      verdict={verdict}
      actions={[
        { label: words.keysOfRule, does: () => setDoing({ is: 'keys', rule }) },
        { label: words.edit, does: () => setDoing({ is: 'edit', rule }) },
        { label: isActive ? words.disable : words.enable, does: () => void turn() },
        { label: words.delete, does: () => setDoing({ is: 'delete', rule }), isDestructive: true },
      ]}
    />
  );
}

function DeleteDialog({ rule, onClose }: { rule: Rule | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={rule !== null}
      onClose={onClose}
      title={words.deleteNamed(rule?.name ?? '')}
      name={rule?.name ?? ''}
      verb={words.deleteRule}
      consequences={[words.revokesKeys, words.cannotUndo]}
      action={async () => {
        if (rule === null) return;
        const path = { id: rule.organization_id, rule_id: rule.id };
        await asked(api.DELETE('/organizations/{id}/trust-rules/{rule_id}', { params: { path } }));
        await queryClient.invalidateQueries({ queryKey: ['trust-rules'] });
      }}
    />
  );
}
