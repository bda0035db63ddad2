import { Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TagWarning } from '../../components/fields/TagWarning.tsx';
import { words } from './words.ts';

interface AccessGroupDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onSaved: (group: Schema<'AccessGroup'>) => void;
}

/** An access group as the person typed it. */
export interface GroupDraft {
  key: string;
  name: string;
  description: string;
}

/** Creates an access group. Its key never changes. */
export function AccessGroupDialog({ opened, onClose, onSaved }: AccessGroupDialogProps) {
  return (
    <CreateDialog<GroupDraft, Schema<'AccessGroup'>>
      opened={opened}
      onClose={onClose}
      title={words.createAccessGroup}
      initial={{ key: '', name: '', description: '' }}
      validate={{ key: (key) => (key.trim() === '' ? words.enterKey : null) }}
      verb={words.createAccessGroup}
      invalidates={['access-groups', 'access-group']}
      onSaved={(made) => {
        saved(words.groupWasCreated(made.key));
        onSaved(made);
      }}
      save={({ key, name, description }, header) => {
        const body = { key: key.trim(), description, ...(name.trim() === '' ? {} : { name: name.trim() }) };
        return asked(api.POST('/access-groups', { params: { header }, body }));
      }}
    >
      {(form) => (
        <>
          <TextInput data-autofocus label={words.key} description={words.keyMeans} required {...form.getInputProps('key')} />
          <TagWarning of={form.values.key} />
          <AccessGroupFields form={form} />
        </>
      )}
    </CreateDialog>
  );
}

/** The fields that describe an access group to people. */
export function AccessGroupFields({ form }: { form: UseFormReturnType<GroupDraft> }) {
  return (
    <>
      <TextInput label={words.name} description={words.nameMeans} {...form.getInputProps('name')} />
      <Textarea
        label={words.description}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={1_000}
        {...form.getInputProps('description')}
      />
    </>
  );
}
