import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { AccessGroupFields, type GroupDraft } from './AccessGroupDialog.tsx';

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
      title={`Edit ${groupKey}`}
      size="lg"
      what="This access group"
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
    label: 'Name',
    body: ({ name, key }) => ({ name: name.trim() === '' ? key : name.trim() }),
    words: ({ name, key }) => (name.trim() === '' ? key : name),
  },
  {
    name: 'description',
    label: 'Description',
    words: ({ description }) => (description === '' ? 'none' : description),
  },
];
