import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { belowEachOther, budgetLines, limitLines } from '../../components/fields/policy-words.ts';
import { budgetsBody } from '../../forms/budget-draft.ts';
import { rateLimitsBody } from '../../forms/limit-draft.ts';
import { conditionsBody, conditionText, linesIn, newCondition } from './condition-draft.ts';
import { PRESETS } from './presets.ts';
import { RuleFields } from './RuleFields.tsx';
import { newRule, RULES, type Rule, type RuleDraft, ruleDraft } from './rule-draft.ts';
import { words } from './words.ts';

const SHOWN = 200;

interface CreateRuleProps {
  readonly opened: boolean;
  readonly organizationId: string;
  readonly onClose: () => void;
}

export function CreateRule({ opened, organizationId, onClose }: CreateRuleProps) {
  const path = { id: organizationId };
  return (
    <CreateDialog<RuleDraft, Rule>
      opened={opened}
      onClose={onClose}
      title={words.createRule}
      size="xl"
      initial={newRule()}
      validate={RULES}
      verb={words.createRule}
      invalidates={['trust-rules']}
      save={(draft, header) =>
        asked(
          api.POST('/organizations/{id}/trust-rules', {
            params: { path, header },
            body: {
              name: draft.name.trim(),
              issuer_id: draft.issuer_id,
              team_id: draft.team_id,
              service_account_id: draft.service_account_id,
              conditions: conditionsBody(draft.conditions),
              key_by: linesIn(draft.key_by),
              once: draft.once,
              rate_limits: rateLimitsBody(draft.rate_limits),
              budgets: budgetsBody(draft.budgets),
            },
          }),
        )
      }
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <IssuerField
            organizationId={organizationId}
            value={form.values.issuer_id}
            onChange={(id) => form.setFieldValue('issuer_id', id)}
            error={form.errors.issuer_id}
          />
          <ObjectSelect
            kind="team"
            label={words.team}
            value={form.values.team_id === '' ? undefined : form.values.team_id}
            onChange={(id) => form.setValues({ team_id: id ?? '', service_account_id: null })}
            organizationId={organizationId}
            error={form.errors.team_id}
          />
          <ServiceAccountField
            teamId={form.values.team_id}
            value={form.values.service_account_id}
            onChange={(id) => form.setFieldValue('service_account_id', id)}
            error={form.errors.service_account_id}
          />
          <Select
            label={words.conditionsOf}
            description={words.conditionsOfMeans}
            placeholder={words.nothingChosen}
            data={PRESETS.map(({ value, label }) => ({ value, label }))}
            onChange={(value) => {
              const preset = PRESETS.find((one) => one.value === value);
              if (preset !== undefined) form.setFieldValue('conditions', preset.conditions.map(newCondition));
            }}
          />
          <RuleFields form={form} organizationId={organizationId} />
        </>
      )}
    </CreateDialog>
  );
}

interface ChoiceProps {
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  readonly error: unknown;
}

function IssuerField({
  organizationId,
  value,
  onChange,
  error,
}: Omit<ChoiceProps, 'onChange'> & { organizationId: string; onChange: (id: string) => void }) {
  const issuers = useQuery({
    queryKey: ['trusted-issuers', organizationId, 'choices'],
    queryFn: () =>
      asked(
        api.GET('/organizations/{id}/trusted-issuers', {
          params: { path: { id: organizationId }, query: { limit: SHOWN, sort: 'name' } },
        }),
      ),
  });
  return (
    <Select
      label={words.issuer}
      placeholder={issuers.data?.data.length === 0 ? words.trustIssuerFirst : words.nothingChosen}
      data={(issuers.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      value={value === '' ? null : value}
      onChange={(id) => onChange(id ?? '')}
      error={typeof error === 'string' ? error : undefined}
    />
  );
}

const DEFAULT = 'default';

function ServiceAccountField({ teamId, value, onChange, error }: ChoiceProps & { teamId: string }) {
  const services = useQuery({
    queryKey: ['service-accounts', 'of-team', teamId],
    queryFn: () =>
      asked(api.GET('/teams/{id}/service-accounts', { params: { path: { id: teamId }, query: { limit: SHOWN, sort: 'name' } } })),
    enabled: teamId !== '',
  });
  const others = (services.data?.data ?? []).filter(({ is_default, status }) => !is_default && status === 'active');
  return (
    <Select
      label={words.owner}
      description={words.ownerMeans}
      allowDeselect={false}
      disabled={teamId === ''}
      data={[
        { value: DEFAULT, label: words.defaultServiceAccount },
        ...others.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      value={value ?? DEFAULT}
      onChange={(id) => onChange(id === DEFAULT ? null : id)}
      error={typeof error === 'string' ? error : undefined}
    />
  );
}

const PARTS: readonly EditPart<RuleDraft>[] = [
  namePart(),
  {
    name: 'conditions',
    label: words.conditions,
    body: ({ conditions }) => ({ conditions: conditionsBody(conditions) }),
    words: ({ conditions }) => belowEachOther(conditionsBody(conditions).map(conditionText)),
  },
  {
    name: 'key_by',
    label: words.keyBy,
    body: ({ key_by }) => ({ key_by: linesIn(key_by) }),
    words: ({ key_by }) => linesIn(key_by).join(', '),
  },
  { name: 'once', label: words.once, words: ({ once }) => (once ? words.on : words.off) },
  {
    name: 'rate_limits',
    label: words.rateLimits,
    body: ({ rate_limits }) => ({ rate_limits: rateLimitsBody(rate_limits) }),
    words: ({ rate_limits }) => belowEachOther(limitLines(rate_limits)),
  },
  {
    name: 'budgets',
    label: words.budgets,
    body: ({ budgets }) => ({ budgets: budgetsBody(budgets) }),
    words: ({ budgets }) => belowEachOther(budgetLines(budgets)),
  },
];

export function EditRule({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  return (
    <EditDialog<Rule, RuleDraft>
      opened
      onClose={onClose}
      title={words.editNamed(rule.name)}
      what={words.thisRule}
      path={`/organizations/${rule.organization_id}/trust-rules/${rule.id}`}
      draftOf={ruleDraft}
      parts={PARTS}
      validate={RULES}
      invalidates={['trust-rules']}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.name} maxLength={200} {...form.getInputProps('name')} />
          <RuleFields form={form} organizationId={rule.organization_id} />
        </>
      )}
    </EditDialog>
  );
}
