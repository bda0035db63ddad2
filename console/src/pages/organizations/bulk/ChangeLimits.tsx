import { Group, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Organization } from '../../../api/organizations.ts';
import { doneWithUndo } from '../../../components/dialogs/doneWithUndo.tsx';
import { DialogForm, FormDialog } from '../../../components/dialogs/FormDialog.tsx';
import { FormSection } from '../../../components/dialogs/FormSections.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { WholeNumberInput } from '../../../components/fields/WholeNumberInput.tsx';
import { LIMIT_WORDS } from '../../../components/limits/LimitBar.tsx';
import { BudgetFields } from '../../../forms/BudgetFields.tsx';
import { bind } from '../../../forms/bind.ts';
import { RATE_LIMIT_NAMES, type RateLimitName } from '../../../forms/limit-draft.ts';
import { refreshOrganizations } from '../dialog/LifecycleDialog.tsx';
import { words } from '../words.ts';
import { BulkPreview } from './BulkPreview.tsx';
import {
  type BulkDraft,
  type BulkRow,
  type LimitChange,
  limitsBody,
  NO_CHANGE,
  previewOf,
  storeAll,
  takeBack,
} from './bulk-draft.ts';

interface ChangeLimitsProps {
  readonly opened: boolean;
  readonly selected: readonly Organization[];
  readonly onClose: () => void;
}

const TYPING_MS = 500;

/** Changes the limits of many organizations at once: shows each change before, and makes all of them or none. */
export function ChangeLimits({ opened, onClose, ...rest }: ChangeLimitsProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={words.changeLimitsOfSeveral} size={1_040}>
      <Changing {...rest} />
    </FormDialog>
  );
}

function Changing({ selected }: Pick<ChangeLimitsProps, 'selected'>) {
  const queryClient = useQueryClient();
  const [{ search, status }] = useUrlState();
  const form = useForm<BulkDraft>({ initialValues: NO_CHANGE });
  const draft = form.getValues();
  const body = limitsBody(draft);
  const asked = body === null ? null : JSON.stringify({ body, whom: draft.whom });
  const [settled] = useDebouncedValue(asked, TYPING_MS);
  const preview = useQuery({
    queryKey: ['bulk-limits', settled, search, status, selected.map(({ id }) => id)],
    queryFn: () => previewOf(draft, selected, { search, status }),
    enabled: settled !== null && settled === asked,
    gcTime: 0,
    retry: false,
  });
  const isKnown = asked !== null && settled === asked && !preview.isFetching && preview.isSuccess;
  const rows = asked === null ? [] : (preview.data ?? []);
  const changing = rows.filter(({ is_changed }) => is_changed).length;
  return (
    <DialogForm<BulkDraft, readonly BulkRow[]>
      form={form}
      verb={changing === 0 ? words.changeLimits : words.changeCount(words.countOrganizations(changing))}
      invalidates={['organizations', 'organization']}
      save={(values) => storeAll(values, rows)}
      onSaved={(done) => offerUndo(done, () => refreshOrganizations(queryClient))}
      isUnsaved={body !== null}
      maySave={isKnown && changing > 0}
      beforeSaving={<BulkPreview asked={asked !== null} query={preview} rows={rows} />}
    >
      <SegmentedControl
        aria-label={words.whoseLimits}
        data={[
          { value: 'selected', label: words.theSelected(selected.length) },
          { value: 'found', label: words.allThatTheListFinds },
        ]}
        {...form.getInputProps('whom')}
      />
      <FormSection title={words.rateLimits} about={words.keptLimitsMean}>
        <Stack gap="xs">
          {RATE_LIMIT_NAMES.map((name) => (
            <LimitField
              key={name}
              name={name}
              value={draft.limits[name]}
              onChange={(change) => form.setFieldValue('limits', { ...draft.limits, [name]: change })}
            />
          ))}
        </Stack>
      </FormSection>
      <FormSection title={words.budgets}>
        <Select
          aria-label={words.budgets}
          w={260}
          allowDeselect={false}
          data={[
            { value: 'kept', label: words.leaveAsTheyAre },
            { value: 'replaced', label: words.replaceAllBudgets },
            { value: 'removed', label: words.removeAllBudgets },
          ]}
          {...form.getInputProps('budgets_are')}
        />
        {draft.budgets_are === 'replaced' && <BudgetFields {...bind(form, 'budgets')} timeZone="UTC" />}
      </FormSection>
    </DialogForm>
  );
}

interface LimitFieldProps {
  readonly name: RateLimitName;
  readonly value: LimitChange;
  readonly onChange: (change: LimitChange) => void;
}

function LimitField({ name, value, onChange }: LimitFieldProps) {
  const [typed, setTyped] = useState<number | ''>('');
  const limit = LIMIT_WORDS[name] ?? name;
  return (
    <Group gap="sm" wrap="wrap" style={{ rowGap: 4 }}>
      <Text fz="sm" w={170}>
        {limit.charAt(0).toUpperCase() + limit.slice(1)}
      </Text>
      <Select
        aria-label={words.whatToDoWith(limit)}
        w={160}
        allowDeselect={false}
        data={[
          { value: 'keep', label: words.leaveAsItIs },
          { value: 'set', label: words.setTo },
          { value: 'clear', label: words.noLimit },
        ]}
        value={value.do}
        onChange={(chosen) =>
          onChange(chosen === 'set' ? { do: 'set', value: typed } : { do: chosen === 'clear' ? 'clear' : 'keep' })
        }
      />
      {value.do === 'set' && (
        <WholeNumberInput
          aria-label={limit}
          w={160}
          thousandSeparator=","
          value={value.value}
          onChange={(entered) => {
            setTyped(entered);
            onChange({ do: 'set', value: entered });
          }}
        />
      )}
    </Group>
  );
}

/** Says what was done, and offers to give each organization its limits back. */
function offerUndo(rows: readonly BulkRow[], refresh: () => Promise<unknown>): void {
  const all = rows.filter(({ is_changed }) => is_changed).length;
  doneWithUndo(words.limitsWereChanged(words.countOrganizations(all)), async () => {
    const id = notifications.show({ message: words.restoringLimits(0, all), loading: true, autoClose: false });
    try {
      await takeBack(rows, (count) => notifications.update({ id, message: words.restoringLimits(count, all), loading: true }));
    } finally {
      notifications.hide(id);
      await refresh();
    }
  });
}
