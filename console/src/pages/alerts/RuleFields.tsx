import { Checkbox, Group, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { queryOf } from '../../api/list-query.ts';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import type { RuleKind } from './alert-kinds.ts';
import { HOUR_WINDOWS, PLATFORM_ONLY, RULE_KINDS, type RuleDraft, WINDOWS } from './rule-draft.ts';
import { words } from './words.ts';

type Form = UseFormReturnType<RuleDraft>;

const KINDS = Object.keys(RULE_KINDS) as RuleKind[];
const WEBHOOKS_MAX = 100;

/** Chooses what a rule watches. A choice sets the usual threshold, window and least number. */
export function RuleKindField({ form }: { form: Form }) {
  const { organization_id: organizationId, kind } = form.values;
  const kinds = KINDS.filter((one) => organizationId === null || !PLATFORM_ONLY.includes(one));
  return (
    <Select
      label={words.watches}
      description={RULE_KINDS[kind].about}
      allowDeselect={false}
      data={kinds.map((value) => ({ value, label: RULE_KINDS[value].label }))}
      value={kind}
      onChange={(chosen) => {
        const next = (chosen ?? kind) as RuleKind;
        form.setValues({ kind: next, ...RULE_KINDS[next].defaults });
      }}
    />
  );
}

/** The settings of an alert rule: when it fires, and whom it tells. */
export function RuleFields({ form }: { form: Form }) {
  const { kind } = form.values;
  const { threshold, unit, counts } = RULE_KINDS[kind];
  return (
    <>
      <Group align="flex-start" gap="sm" grow preventGrowOverflow={false} wrap="wrap">
        <NumberInput
          label={threshold}
          suffix={unit === '' || unit === '%' ? unit : ` ${unit}`}
          min={0}
          max={1_000}
          miw={160}
          {...form.getInputProps('threshold')}
        />
        {kind !== 'credential' && (
          <Select
            label={words.timeWindow}
            allowDeselect={false}
            miw={140}
            data={kind === 'spend' ? HOUR_WINDOWS : WINDOWS}
            {...form.getInputProps('window_minutes')}
          />
        )}
        {counts !== null && (
          <WholeNumberInput label={words.minimum(counts)} min={1} miw={160} {...form.getInputProps('minimum_count')} />
        )}
        {kind === 'spend' && <TextInput label={words.minimumSpendUsd} miw={140} {...form.getInputProps('minimum_usd')} />}
      </Group>
      <WholeNumberInput
        label={words.quietTimeMinutes}
        description={words.quietTimeMeans}
        min={1}
        max={1_440}
        {...form.getInputProps('quiet_minutes')}
      />
      <Receivers form={form} />
    </>
  );
}

function Receivers({ form }: { form: Form }) {
  const { organization_id: organizationId } = form.values;
  const webhooks = useQuery({
    queryKey: ['webhooks', 'choices', organizationId],
    queryFn: () =>
      asked(
        api.GET('/webhooks', {
          params: {
            query: queryOf('/webhooks', {
              limit: WEBHOOKS_MAX,
              ...(organizationId === null ? { platform: 'true' } : { organization_id: organizationId }),
            }),
          },
        }),
      ),
  });
  const choices = (webhooks.data?.data ?? []).map(({ id, name, format }) => ({
    value: id,
    label: format === 'slack' ? words.chat(name) : name,
  }));
  return (
    <>
      <MultiSelect
        label={words.webhooksAndChats}
        description={webhooks.isSuccess && choices.length === 0 ? words.noWebhooksYet : words.subscribersAlwaysGetIt}
        data={choices}
        searchable
        disabled={webhooks.isSuccess && choices.length === 0}
        {...form.getInputProps('webhook_ids')}
      />
      <Checkbox
        label={organizationId === null ? words.mailToPlatformAdmins : words.mailToOwners}
        {...form.getInputProps('mail', { type: 'checkbox' })}
      />
    </>
  );
}
