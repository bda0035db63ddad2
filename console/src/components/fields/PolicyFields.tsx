import { Accordion, Group, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { type ReactNode, useState } from 'react';
import { firstErrorOf } from '../../api/field-errors.ts';
import { ALLOWED, type Verdict } from '../../api/session.tsx';
import { AssetAccessEditor } from '../../forms/AssetAccessEditor.tsx';
import type { AccessLevel } from '../../forms/access-level.ts';
import { BudgetFields } from '../../forms/BudgetFields.tsx';
import { bind } from '../../forms/bind.ts';
import { LabelLimitFields } from '../../forms/LabelLimitFields.tsx';
import { ModelLimitFields } from '../../forms/ModelLimitFields.tsx';
import { RateLimitFields } from '../../forms/RateLimitFields.tsx';
import { TagFields } from '../../forms/TagFields.tsx';
import { type KeyTagsDraft, type TagsDraft, tagsWords } from '../../forms/tags-draft.ts';
import { type Cap, EffectiveBudget, EffectiveLimit } from '../dialogs/EffectiveMinimum.tsx';
import { useFieldToOpen } from '../dialogs/OpenAt.tsx';
import { WhyNot } from '../dialogs/WhyNot.tsx';
import type { PolicyDraft } from './policy-draft.ts';
import { accessWords, budgetLines, labelLimitLines, limitLines, modelLimitLines } from './policy-words.ts';
import { words } from './words.ts';

interface PolicyFieldsProps {
  readonly form: UseFormReturnType<PolicyDraft>;
  /** The levels above, from the organization down. */
  readonly caps: readonly Cap[];
  readonly timeZone: string;
  readonly level: Exclude<AccessLevel, { is: 'organization' }>;
  /** `This key`, `Support`. */
  readonly holder: string;
  /** `the team Support`. */
  readonly parentName: string;
  /** The verdict on changing limits, budgets and tags here. Absent: allowed. */
  readonly mayLimit?: Verdict;
  /** The verdict on changing the asset access. Absent: allowed. */
  readonly mayAccess?: Verdict;
  /** The form again, if the scope has tags (a member has none). The tags are locked together with the limits. */
  readonly tags?: UseFormReturnType<TagsDraft>;
  /** The form again, if the scope is a key: it also decides about the tags that requests name. */
  readonly keyTags?: UseFormReturnType<KeyTagsDraft>;
  readonly initiallyOpen?: readonly string[];
}

/** Limits, budgets and asset access of a scope below the organization. Each part is collapsed, with a summary in one line. */
export function PolicyFields(props: PolicyFieldsProps) {
  const { form, caps, timeZone, level, mayLimit = ALLOWED, mayAccess = ALLOWED } = props;
  const at = useFieldToOpen()?.split('.')[0];
  const [opened, setOpened] = useState<readonly string[]>([...(props.initiallyOpen ?? []), ...(at === undefined ? [] : [at])]);
  const values = form.getValues();
  const withErrors = PARTS.filter((part) => FIELDS[part].some((field) => firstErrorOf(form.errors, field) !== undefined));
  const { organizationId } = level;
  const isLocked = !mayLimit.allowed;
  return (
    <Accordion
      multiple
      variant="contained"
      chevronPosition="left"
      value={[...new Set([...opened, ...withErrors])]}
      onChange={(next) => setOpened(next)}
      order={3}
    >
      <Part
        name="rate_limits"
        title={words.rateLimits}
        summary={limitLines(values.rate_limits).join(', ') || words.noOwnLimits}
        verdict={mayLimit}
      >
        <RateLimitFields
          {...bind(form, 'rate_limits')}
          timeZone={timeZone}
          disabled={isLocked}
          beside={(name, value) => <EffectiveLimit name={name} value={value} caps={caps} />}
        />
      </Part>
      <Part
        name="model_limits"
        title={words.modelLimits}
        summary={modelLimitLines(values.model_limits).join(', ') || words.none}
        verdict={mayLimit}
      >
        <ModelLimitFields {...bind(form, 'model_limits')} {...{ timeZone, organizationId }} disabled={isLocked} />
      </Part>
      <Part
        name="budgets"
        title={words.budgets}
        summary={budgetLines(values.budgets).join(', ') || words.noOwnBudgets}
        verdict={mayLimit}
      >
        <BudgetFields
          {...bind(form, 'budgets')}
          {...{ timeZone, organizationId }}
          disabled={isLocked}
          beside={(budget) => <EffectiveBudget budget={budget} caps={caps} />}
        />
      </Part>
      <Part name="asset_access" title={words.assetAccess} summary={accessWords(values.asset_access)} verdict={mayAccess}>
        <AssetAccessEditor
          {...bind(form, 'asset_access')}
          level={level}
          holder={props.holder}
          parentName={props.parentName}
          disabled={!mayAccess.allowed}
        />
      </Part>
      {props.tags !== undefined && (
        <Part
          name="label_limits"
          title={words.labelLimits}
          summary={labelLimitLines(props.tags.getValues().label_limits).join(', ') || words.none}
          verdict={mayLimit}
        >
          <LabelLimitFields {...bind(props.tags, 'label_limits')} timeZone={timeZone} disabled={isLocked} />
        </Part>
      )}
      {props.tags !== undefined && <TagsPart form={props.tags} keyForm={props.keyTags} level={level.is} verdict={mayLimit} />}
    </Accordion>
  );
}

const PARTS = ['rate_limits', 'model_limits', 'budgets', 'asset_access', 'label_limits', 'tags'] as const;
const FIELDS: Readonly<Record<(typeof PARTS)[number], readonly string[]>> = {
  rate_limits: ['rate_limits'],
  model_limits: ['model_limits'],
  budgets: ['budgets'],
  asset_access: ['asset_access'],
  label_limits: ['label_limits'],
  tags: ['default_tags', 'required_tags', 'caller_tags', 'require_end_user'],
};

interface TagsPartProps {
  readonly form: UseFormReturnType<TagsDraft>;
  readonly keyForm: UseFormReturnType<KeyTagsDraft> | undefined;
  readonly level: PolicyFieldsProps['level']['is'];
  readonly verdict: Verdict;
}

function TagsPart({ form, keyForm, level, verdict }: TagsPartProps) {
  const values = form.getValues();
  return (
    <Part name="tags" title={words.tags} summary={tagsWords(values)} verdict={verdict}>
      <TagFields
        value={values}
        onChange={(name, tags) => bind(form, name).onChange(tags)}
        errors={form.errors}
        onRequireEndUser={bind(form, 'require_end_user').onChange}
        level={level === 'team' ? 'team' : 'key'}
        disabled={!verdict.allowed}
        callerTags={keyForm === undefined ? undefined : bind(keyForm, 'caller_tags')}
      />
    </Part>
  );
}

interface PartProps {
  readonly name: (typeof PARTS)[number];
  readonly title: string;
  readonly summary: string;
  readonly verdict: Verdict;
  readonly children: ReactNode;
}

function Part({ name, title, summary, verdict, children }: PartProps) {
  return (
    <Accordion.Item value={name}>
      <Accordion.Control>
        <Group gap="xs" justify="space-between" wrap="nowrap" pr="xs">
          <Text fz="sm" fw={500} className="nowrap">
            {title}
          </Text>
          <Text fz="xs" c="dimmed" truncate>
            {summary}
          </Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <WhyNot verdict={verdict} c="dimmed" mb="sm" />
        {children}
      </Accordion.Panel>
    </Accordion.Item>
  );
}
