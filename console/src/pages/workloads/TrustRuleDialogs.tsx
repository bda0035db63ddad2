import { Select, Text, TextInput } from '@mantine/core';
import { api, asked } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { type EditPart, namePart } from '../../components/dialogs/edit-parts.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { accessLines, belowEachOther, budgetLines, limitLines } from '../../components/fields/policy-words.ts';
import { NameText } from '../../components/Named.tsx';
import { choiceBody } from '../../forms/access-draft.ts';
import { budgetsBody } from '../../forms/budget-draft.ts';
import { rateLimitsBody } from '../../forms/limit-draft.ts';
import { conditionsBody, conditionText, linesIn, newCondition } from './condition-draft.ts';
import { IssuerField } from './IssuerField.tsx';
import { OwnerField } from './OwnerField.tsx';
import { PRESETS } from './presets.ts';
import { RuleFields } from './RuleFields.tsx';
import { RuleOwner } from './RuleOwner.tsx';
import { newRule, RULES, type Rule, type RuleDraft, ruleDraft } from './rule-draft.ts';
import { words } from './words.ts';

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
              identity_provider_id: draft.identity_provider_id,
              conditions: conditionsBody(draft.conditions),
              key_by: linesIn(draft.key_by),
              once: draft.once,
              rate_limits: rateLimitsBody(draft.rate_limits),
              budgets: budgetsBody(draft.budgets),
              asset_access: choiceBody(draft.asset_access),
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
            onChange={(id) => form.setValues({ issuer_id: id, identity_provider_id: null })}
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
          <OwnerField
            organizationId={organizationId}
            draft={form.values}
            onChange={(owner) => form.setValues(owner)}
            error={form.errors.service_account_id ?? form.errors.identity_provider_id}
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
          <RuleFields form={form} organizationId={organizationId} teamId={form.values.team_id} />
        </>
      )}
    </CreateDialog>
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
  {
    name: 'asset_access',
    label: words.assetAccess,
    body: ({ asset_access }) => ({ asset_access: choiceBody(asset_access) }),
    words: ({ asset_access }) => belowEachOther(accessLines(asset_access)),
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
          <Text fz="sm" c="dimmed">
            {words.keysAreIn} <NameText id={rule.team_id} />, {words.keysBelongTo} <RuleOwner rule={rule} />. {words.bothStay}
          </Text>
          <RuleFields form={form} organizationId={rule.organization_id} teamId={rule.team_id} />
        </>
      )}
    </EditDialog>
  );
}
