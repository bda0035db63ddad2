import { TagsInput, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { TagWarning } from '../../components/fields/TagWarning.tsx';
import { LABELS_SHOW_IN, relabel } from './relabel.ts';

const GROUPS_MAX = 200;

interface LabelsDialogProps {
  /** The callable target that is labelled. */
  readonly name: string;
  readonly labels: readonly string[];
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Chooses the access groups of a target. Their holders can call it as soon as this is saved. */
export function LabelsDialog({ name, labels, opened, onClose }: LabelsDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Access groups of ${name}`}>
      <LabelsForm name={name} labels={labels} />
    </FormDialog>
  );
}

function LabelsForm({ name, labels }: { name: string; labels: readonly string[] }) {
  const groups = useQuery({
    queryKey: ['access-groups', 'choice'],
    queryFn: () => asked(api.GET('/access-groups', { params: { query: { limit: GROUPS_MAX } } })),
  });
  const queryClient = useQueryClient();
  const form = useForm({ initialValues: { access_groups: [...labels] } });
  const [isOpen, setOpen] = useState(false);
  const known = groups.data?.data ?? [];
  const added = form.values.access_groups.filter((key) => !labels.includes(key));
  const unknown = groups.isSuccess ? added.filter((key) => !known.some((group) => group.key === key)) : [];
  const taken = labels.filter((key) => !form.values.access_groups.includes(key));
  return (
    <DialogForm
      form={form}
      verb="Save access groups"
      invalidates={LABELS_SHOW_IN}
      save={() => relabel(name, { given: added, taken })}
      onSaved={({ created_access_groups: created, warnings, undo }) => {
        const made = created.length === 0 ? '' : ` New: ${created.join(', ')}.`;
        doneWithUndo([`The access groups of ${name} were changed.${made}`, ...warnings].join(' '), async () => {
          await undo();
          await Promise.all(LABELS_SHOW_IN.map((changed) => queryClient.invalidateQueries({ queryKey: [changed] })));
        });
      }}
    >
      <TagsInput
        data-autofocus
        openOnFocus={false}
        dropdownOpened={isOpen}
        onDropdownOpen={() => setOpen(true)}
        onDropdownClose={() => setOpen(false)}
        label="Access groups"
        description="A new key creates a new group."
        data={known.map(({ key }) => key)}
        clearable
        {...form.getInputProps('access_groups')}
        onChange={(keys) => {
          // An open list would cover the save button.
          setOpen(false);
          form.setFieldValue('access_groups', keys);
        }}
        error={firstErrorOf(form.errors, 'access_groups')}
      />
      {added.length > 0 && (
        <Text fz="sm">
          Anyone with {added.join(' or ')} can call {name} as soon as you save.
        </Text>
      )}
      {taken.length > 0 && (
        <Text fz="sm">
          Anyone who can call {name} only through {taken.join(' or ')} loses access as soon as you save.
        </Text>
      )}
      {added
        .map((key) => known.find((group) => group.key === key)?.warning)
        .filter((warning) => warning != null)
        .map((warning) => (
          <Text key={warning} fz="sm" c="orange">
            {warning}
          </Text>
        ))}
      {unknown.map((key) => (
        <TagWarning key={key} of={key} />
      ))}
    </DialogForm>
  );
}
