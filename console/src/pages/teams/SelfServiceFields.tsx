import { Group, Paper, Select, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import { WholeNumberInput } from '../../components/fields/WholeNumberInput.tsx';
import { type Bound, errorAt } from '../../forms/bind.ts';
import { type OwnKeysPeriod, PER, type SelfServiceDraft } from './team-draft.ts';
import { words } from './words.ts';

/** Edits what a team's developers may do by themselves: keys or logins alone, their number, their budget together, and their lifetime. */
export function SelfServiceFields(props: Bound<SelfServiceDraft>) {
  const { value, onChange, disabled = false } = props;
  const set = (change: Partial<SelfServiceDraft>) => onChange({ ...value, ...change });
  return (
    <Paper withBorder p="sm" role="group" aria-label={words.selfService}>
      <Stack gap="sm">
        <Select
          label={words.developersCan}
          description={words.selfServiceMeans}
          allowDeselect={false}
          disabled={disabled}
          data={Object.entries(words.allows).map(([allows, label]) => ({ value: allows, label }))}
          value={value.allows}
          onChange={(allows) => set({ allows: allows as SelfServiceDraft['allows'] })}
        />
        {value.allows !== 'nothing' && <OwnKeysFields {...props} />}
      </Stack>
    </Paper>
  );
}

/** The bounds on keys and logins that developers make by themselves. */
function OwnKeysFields(props: Bound<SelfServiceDraft>) {
  const { value, onChange, errors, at, disabled = false } = props;
  const isLoginsOnly = value.allows === 'logins';
  const set = (change: Partial<SelfServiceDraft>) => onChange({ ...value, ...change });
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <WholeNumberInput
        label={isLoginsOnly ? words.loginsPerPerson : words.keysPerPerson}
        placeholder={words.anyNumber}
        max={10_000}
        disabled={disabled}
        value={value.max_keys_per_member}
        error={errorAt(errors, `${at}.max_keys_per_member`)}
        onChange={(max_keys_per_member) => set({ max_keys_per_member })}
      />
      <SpendFields {...props} />
      <Switch
        mt={{ base: 0, xs: 26 }}
        label={isLoginsOnly ? words.eachLoginEndsSooner : words.eachKeyMustExpire}
        checked={value.requires_expiry}
        disabled={disabled}
        onChange={(event) => set({ requires_expiry: event.currentTarget.checked })}
      />
      {value.requires_expiry && (
        <WholeNumberInput
          label={words.maximumLifetimeInDays}
          min={1}
          max={3_650}
          disabled={disabled}
          value={value.max_expiry_days}
          error={errorAt(errors, `${at}.max_expiry_days`)}
          onChange={(max_expiry_days) => set({ max_expiry_days })}
        />
      )}
    </SimpleGrid>
  );
}

/** The budget of all keys that one person owns in the team, and its period. */
function SpendFields({ value, onChange, errors, at, disabled = false }: Bound<SelfServiceDraft>) {
  const set = (change: Partial<SelfServiceDraft>) => onChange({ ...value, ...change });
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <TextInput
        label={words.budgetPerPerson}
        placeholder={words.anyAmount}
        leftSection={<Text fz="sm">$</Text>}
        inputMode="decimal"
        maxLength={32}
        disabled={disabled}
        value={value.max_budget}
        error={errorAt(errors, `${at}.max_budget`) ?? errorAt(errors, `${at}.max_budget.amount`)}
        onChange={(event) => set({ max_budget: event.currentTarget.value })}
      />
      <Select
        label={words.period}
        allowDeselect={false}
        disabled={disabled}
        data={Object.entries(PER).map(([period, label]) => ({ value: period, label }))}
        value={value.budget_period}
        onChange={(period) => set({ budget_period: period as OwnKeysPeriod })}
      />
    </Group>
  );
}
