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
import { countText } from '../../../numbers/numbers.ts';
import { refreshOrganizations } from '../dialog/LifecycleDialog.tsx';
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
    <FormDialog opened={opened} onClose={onClose} title="Change limits of several organizations" size={1_040}>
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
      verb={changing === 0 ? 'Change limits' : `Change ${organizations(changing)}`}
      invalidates={['organizations', 'organization']}
      save={(values) => storeAll(values, rows)}
      onSaved={(done) => offerUndo(done, () => refreshOrganizations(queryClient))}
      isUnsaved={body !== null}
      maySave={isKnown && changing > 0}
      beforeSaving={<BulkPreview asked={asked !== null} query={preview} rows={rows} />}
    >
      <SegmentedControl
        aria-label="Whose limits"
        data={[
          { value: 'selected', label: `The ${countText(selected.length)} selected` },
          { value: 'found', label: 'All that the list finds' },
        ]}
        {...form.getInputProps('whom')}
      />
      <FormSection
        title="Rate limits"
        about="Limits left as they are keep the value of each organization. 0 refuses every request."
      >
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
      <FormSection title="Budgets">
        <Select
          aria-label="Budgets"
          w={260}
          allowDeselect={false}
          data={[
            { value: 'kept', label: 'Leave as they are' },
            { value: 'replaced', label: 'Replace all budgets of each' },
            { value: 'removed', label: 'Remove all budgets' },
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
  const words = LIMIT_WORDS[name] ?? name;
  return (
    <Group gap="sm" wrap="wrap" style={{ rowGap: 4 }}>
      <Text fz="sm" w={170}>
        {words.charAt(0).toUpperCase() + words.slice(1)}
      </Text>
      <Select
        aria-label={`${words}: what to do`}
        w={160}
        allowDeselect={false}
        data={[
          { value: 'keep', label: 'Leave as it is' },
          { value: 'set', label: 'Set to' },
          { value: 'clear', label: 'No limit' },
        ]}
        value={value.do}
        onChange={(chosen) =>
          onChange(chosen === 'set' ? { do: 'set', value: typed } : { do: chosen === 'clear' ? 'clear' : 'keep' })
        }
      />
      {value.do === 'set' && (
        <WholeNumberInput
          aria-label={words}
          w={160}
          thousandSeparator=","
          value={value.value}
          onChange={(limit) => {
            setTyped(limit);
            onChange({ do: 'set', value: limit });
          }}
        />
      )}
    </Group>
  );
}

function organizations(count: number): string {
  return `${countText(count)} ${count === 1 ? 'organization' : 'organizations'}`;
}

/** Says what was done, and offers to give each organization its limits back. */
function offerUndo(rows: readonly BulkRow[], refresh: () => Promise<unknown>): void {
  const all = rows.filter(({ is_changed }) => is_changed).length;
  doneWithUndo(`The limits of ${organizations(all)} were changed.`, async () => {
    const id = notifications.show({ message: `Giving back limits: 0 of ${all}`, loading: true, autoClose: false });
    try {
      await takeBack(rows, (count) =>
        notifications.update({ id, message: `Giving back limits: ${count} of ${all}`, loading: true }),
      );
    } finally {
      notifications.hide(id);
      await refresh();
    }
  });
}
