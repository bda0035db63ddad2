import { Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/FormDialog.tsx';
import { saved } from '../../components/saved.ts';

type Group = Pick<Schema<'AccessGroup'>, 'key' | 'name' | 'description' | 'version'>;

interface AccessGroupDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Absent: a new one. */
  readonly group?: Group;
  readonly onSaved?: (group: Group) => void;
}

/** An access group made, or renamed. Its key never changes. */
export function AccessGroupDialog({ opened, onClose, group, onSaved }: AccessGroupDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={group === undefined ? 'Create access group' : `Edit ${group.key}`}>
      <GroupForm {...(group === undefined ? {} : { group })} {...(onSaved === undefined ? {} : { onSaved })} />
    </FormDialog>
  );
}

function GroupForm({ group, onSaved }: Pick<AccessGroupDialogProps, 'group' | 'onSaved'>) {
  const form = useForm({
    initialValues: { key: group?.key ?? '', name: group?.name ?? '', description: group?.description ?? '' },
    validate: { key: (key) => (key.trim() === '' ? 'Give it a key.' : null) },
  });
  return (
    <DialogForm
      form={form}
      verb={group === undefined ? 'Create access group' : 'Save changes'}
      invalidates={['access-groups', 'access-group']}
      onSaved={(made: Group) => {
        saved(group === undefined ? `The access group ${made.key} is there. Label targets with it.` : `${made.key} was changed.`);
        onSaved?.(made);
      }}
      save={({ key, name, description }, header): Promise<Group> =>
        group === undefined
          ? asked(
              api.POST('/access-groups', {
                params: { header },
                body: { key: key.trim(), description, ...(name.trim() === '' ? {} : { name: name.trim() }) },
              }),
            )
          : asked(
              api.PATCH('/access-groups/{key}', {
                params: { path: { key: group.key }, header: { 'if-match': `"${group.version}"` } },
                body: { name: name.trim(), description },
              }),
            )
      }
    >
      <TextInput
        data-autofocus={group === undefined || undefined}
        label="Key"
        description="What grants and the API name it by. It never changes."
        required
        disabled={group !== undefined}
        {...form.getInputProps('key')}
      />
      <TextInput label="Name" description="For people. Empty: the key." {...form.getInputProps('name')} />
      <Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={1_000} {...form.getInputProps('description')} />
    </DialogForm>
  );
}
