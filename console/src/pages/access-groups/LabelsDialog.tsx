import { TagsInput, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { firstErrorOf } from '../../api/field-errors.ts';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { TagWarning } from '../../components/fields/TagWarning.tsx';
import { effectOfRelabel, LABELS_SHOW_IN, labelsOf, relabel } from './relabel.ts';
import { words } from './words.ts';

const GROUPS_MAX = 200;

interface LabelsDraft {
  readonly access_groups: readonly string[];
}

interface LabelsDialogProps {
  /** The callable target that is labelled. */
  readonly name: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Chooses the access groups of a target. Their holders can call it as soon as this is saved. */
export function LabelsDialog({ name, opened, onClose }: LabelsDialogProps) {
  const queryClient = useQueryClient();
  const reload = () => Promise.all(LABELS_SHOW_IN.map((changed) => queryClient.invalidateQueries({ queryKey: [changed] })));
  const save = async (before: readonly string[], after: readonly string[]) => {
    const { created_access_groups: created, warnings, undo } = await relabel(name, changeOf(before, after));
    const made = created.length === 0 ? '' : words.newGroups(created.join(', '));
    doneWithUndo([words.groupsWereChanged(name, made), ...warnings].join(' '), async () => {
      await undo();
      await reload();
    });
  };
  return (
    <EditDialog<LabelsDraft, LabelsDraft & { readonly before: readonly string[] }>
      opened={opened}
      onClose={onClose}
      title={words.accessGroupsOf(name)}
      size="lg"
      what={words.thisTarget}
      path={`/callable-targets/${encodeURIComponent(name)}/access-groups`}
      verb={words.saveAccessGroups}
      done={null}
      read={async () => ({ data: { access_groups: await labelsOf(name) }, etag: null })}
      draftOf={({ access_groups }) => ({ access_groups, before: access_groups })}
      parts={PARTS}
      invalidates={LABELS_SHOW_IN}
      effect={(_, { before, access_groups }) => effectOfRelabel(name, changeOf(before, access_groups))}
      save={(_, __, { before, access_groups }) => save(before, access_groups)}
    >
      {(form, { access_groups }) => <Fields name={name} labels={access_groups} form={form} />}
    </EditDialog>
  );
}

const PARTS: readonly EditPart<LabelsDraft & { readonly before: readonly string[] }>[] = [
  {
    name: 'access_groups',
    label: words.accessGroups,
    hasEffect: true,
    body: ({ access_groups }) => ({ access_groups: [...access_groups].sort() }),
    words: ({ access_groups }) => (access_groups.length === 0 ? 'none' : access_groups.join(', ')),
  },
];

function changeOf(before: readonly string[], after: readonly string[]) {
  return { given: after.filter((key) => !before.includes(key)), taken: before.filter((key) => !after.includes(key)) };
}

interface FieldsProps {
  readonly name: string;
  readonly labels: readonly string[];
  readonly form: UseFormReturnType<LabelsDraft & { readonly before: readonly string[] }>;
}

function Fields({ name, labels, form }: FieldsProps) {
  const groups = useQuery({
    queryKey: ['access-groups', 'choice'],
    queryFn: () => asked(api.GET('/access-groups', { params: { query: { limit: GROUPS_MAX } } })),
  });
  const [isOpen, setOpen] = useState(false);
  const known = groups.data?.data ?? [];
  const { given, taken } = changeOf(labels, form.values.access_groups);
  const unknown = groups.isSuccess ? given.filter((key) => !known.some((group) => group.key === key)) : [];
  return (
    <>
      <TagsInput
        data-autofocus
        openOnFocus={false}
        dropdownOpened={isOpen}
        onDropdownOpen={() => setOpen(true)}
        onDropdownClose={() => setOpen(false)}
        label={words.accessGroups}
        description={words.newKeyMeans}
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
      {given.length > 0 && (
        <Text fz="sm">
          {words.anyoneWith} {given.join(words.or)} {words.canCallOnceSaved(name)}
        </Text>
      )}
      {taken.length > 0 && (
        <Text fz="sm">
          {words.throughOnly(name)} {taken.join(words.or)} {words.losesAccessOnceSaved}
        </Text>
      )}
      {given
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
    </>
  );
}
