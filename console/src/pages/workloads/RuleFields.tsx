import { Accordion, Checkbox, CloseButton, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { firstErrorOf } from '../../api/field-errors.ts';
import { useName } from '../../api/names.ts';
import { accessWords, budgetLines, limitLines } from '../../components/fields/policy-words.ts';
import { AssetAccessEditor } from '../../forms/AssetAccessEditor.tsx';
import { BudgetFields } from '../../forms/BudgetFields.tsx';
import { bind, errorAt } from '../../forms/bind.ts';
import { ListFoot } from '../../forms/ListFoot.tsx';
import { RateLimitFields } from '../../forms/RateLimitFields.tsx';
import { type ConditionDraft, newCondition } from './condition-draft.ts';
import type { RuleDraft } from './rule-draft.ts';
import { words } from './words.ts';

interface RuleFieldsProps {
  readonly form: UseFormReturnType<RuleDraft>;
  readonly organizationId: string;
  /** Empty: none is chosen yet. */
  readonly teamId: string;
}

const PARTS = ['rate_limits', 'budgets', 'asset_access'] as const;

/** The fields of a rule that can be changed later: conditions, keys, limits and access. */
export function RuleFields({ form, organizationId, teamId }: RuleFieldsProps) {
  const { rate_limits, budgets, asset_access } = form.values;
  const [opened, setOpened] = useState<readonly string[]>([]);
  const withErrors = PARTS.filter((part) => firstErrorOf(form.errors, part) !== undefined);
  return (
    <>
      <Conditions form={form} />
      <Textarea
        label={words.keyBy}
        description={words.keyByMeans}
        autosize
        minRows={1}
        maxRows={4}
        {...form.getInputProps('key_by')}
      />
      <Checkbox label={words.once} description={words.onceMeans} {...form.getInputProps('once', { type: 'checkbox' })} />
      <Accordion
        multiple
        variant="contained"
        chevronPosition="left"
        order={3}
        value={[...new Set([...opened, ...withErrors])]}
        onChange={setOpened}
      >
        <Part name="rate_limits" title={words.rateLimits} summary={limitLines(rate_limits).join(', ')}>
          <RateLimitFields {...bind(form, 'rate_limits')} timeZone="UTC" />
        </Part>
        <Part name="budgets" title={words.budgets} summary={budgetLines(budgets).join(', ')}>
          <BudgetFields {...bind(form, 'budgets')} timeZone="UTC" organizationId={organizationId} />
        </Part>
        <Part name="asset_access" title={words.assetAccess} summary={accessWords(asset_access)}>
          <Access form={form} organizationId={organizationId} teamId={teamId} />
        </Part>
      </Accordion>
      <Text fz="sm" c="dimmed">
        {words.limitsMean}
      </Text>
    </>
  );
}

function Access({ form, organizationId, teamId }: RuleFieldsProps) {
  const team = useName(teamId);
  if (teamId === '') return <Text fz="sm">{words.chooseTeamFirst}</Text>;
  return (
    <AssetAccessEditor
      {...bind(form, 'asset_access')}
      level={{ is: 'key', organizationId, teamId }}
      holder={words.eachKey}
      parentName={words.theTeam(team ?? teamId)}
    />
  );
}

function Part({ name, title, summary, children }: { name: string; title: string; summary: string; children: React.ReactNode }) {
  return (
    <Accordion.Item value={name}>
      <Accordion.Control>
        <Group gap="xs">
          <Text fw={500} fz="sm">
            {title}
          </Text>
          <Text fz="sm" c="dimmed">
            {summary === '' ? words.none : summary}
          </Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>{children}</Accordion.Panel>
    </Accordion.Item>
  );
}

function Conditions({ form }: { form: UseFormReturnType<RuleDraft> }) {
  const { conditions } = form.values;
  const set = (next: readonly ConditionDraft[]) => form.setFieldValue('conditions', next);
  return (
    <Stack gap="xs" role="group" aria-label={words.conditions}>
      <Text fz="sm" fw={500}>
        {words.conditions}
      </Text>
      <Text fz="sm" c="dimmed">
        {words.conditionsMean}
      </Text>
      {conditions.map((condition, index) => (
        <ConditionRow
          key={condition.row}
          condition={condition}
          ordinal={index + 1}
          errors={[errorAt(form.errors, `conditions.${index}.claim`), errorAt(form.errors, `conditions.${index}.values`)]}
          onChange={(change) => set(conditions.map((one) => (one.row === condition.row ? { ...one, ...change } : one)))}
          onRemove={() => set(conditions.filter((one) => one.row !== condition.row))}
        />
      ))}
      <ListFoot
        error={errorAt(form.errors, 'conditions')}
        label={words.addCondition}
        disabled={false}
        onAdd={() => set([...conditions, newCondition()])}
      />
    </Stack>
  );
}

interface ConditionRowProps {
  readonly condition: ConditionDraft;
  readonly ordinal: number;
  readonly errors: readonly [string | undefined, string | undefined];
  readonly onChange: (change: Partial<ConditionDraft>) => void;
  readonly onRemove: () => void;
}

function ConditionRow({ condition, ordinal, errors, onChange, onRemove }: ConditionRowProps) {
  const { claim, match, values } = condition;
  const isList = match === 'one_of';
  const props = {
    'aria-label': words.valueOf(ordinal),
    placeholder: isList ? words.valuesExample : words.value,
    value: values,
    error: errors[1],
    onChange: (event: { currentTarget: { value: string } }) => onChange({ values: event.currentTarget.value }),
  };
  return (
    <Group gap="xs" align="flex-start">
      <TextInput
        flex="2 1 180px"
        aria-label={words.claimOf(ordinal)}
        placeholder={words.claimExample}
        className="mono"
        value={claim}
        error={errors[0]}
        onChange={(event) => onChange({ claim: event.currentTarget.value })}
      />
      <Select
        flex="1 1 120px"
        aria-label={words.matchOf(ordinal)}
        allowDeselect={false}
        data={[
          { value: 'equals', label: words.equals },
          { value: 'one_of', label: words.oneOf },
          { value: 'prefix', label: words.prefix },
        ]}
        value={match}
        onChange={(next) => onChange({ match: (next ?? 'equals') as ConditionDraft['match'] })}
      />
      {isList ? (
        <Textarea flex="2 1 180px" autosize minRows={1} maxRows={6} {...props} />
      ) : (
        <TextInput flex="2 1 180px" {...props} />
      )}
      <CloseButton mt={4} aria-label={words.removeCondition(ordinal)} onClick={onRemove} />
    </Group>
  );
}
