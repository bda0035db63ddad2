import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { AccessGroupFields, type GroupDraft } from './AccessGroupDialog.tsx';
import { words } from './words.ts';

interface EditAccessGroupDialogProps {
  readonly groupKey: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Changes the name and the description of an access group. */
export function EditAccessGroupDialog({ groupKey, opened, onClose }: EditAccessGroupDialogProps) {
  return (
    <EditDialog<GroupDraft, GroupDraft>
      opened={opened}
      onClose={onClose}
      title={words.editGroup(groupKey)}
      size="lg"
      what={words.thisAccessGroup}
      path={`/access-groups/${groupKey}`}
      draftOf={({ key, name, description }) => ({ key, name, description })}
      parts={PARTS}
      invalidates={['access-groups', 'access-group']}
    >
      {(form) => <AccessGroupFields form={form} />}
    </EditDialog>
  );
}

const PARTS: readonly EditPart<GroupDraft>[] = [
  {
    name: 'name',
    label: words.name,
    body: ({ name, key }) => ({ name: name.trim() === '' ? key : name.trim() }),
    words: ({ name, key }) => (name.trim() === '' ? key : name),
  },
  {
    name: 'description',
    label: words.description,
    words: ({ description }) => (description === '' ? 'none' : description),
  },
];
