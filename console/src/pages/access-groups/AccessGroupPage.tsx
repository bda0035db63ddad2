import { Alert, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Page } from '../../components/shell/Page.tsx';
import { PATHS } from '../../paths.ts';
import { EditAccessGroupDialog } from './EditAccessGroupDialog.tsx';
import { Holders } from './Holders.tsx';
import { LabelledTargets } from './LabelledTargets.tsx';
import { words } from './words.ts';

/** One access group: the targets with its label, and who holds it. */
export function AccessGroupPage() {
  const { accessGroupKey: key } = useParams({ strict: false }) as { accessGroupKey: string };
  const group = useQuery({ queryKey: ['access-group', key], queryFn: () => readGroup(key) });
  return (
    <Asked shape="page" query={group}>
      {(found) => <GroupPage group={found} />}
    </Asked>
  );
}

function readGroup(key: string) {
  return asked(api.GET('/access-groups/{key}', { params: { path: { key } } }));
}

type FoundGroup = Awaited<ReturnType<typeof readGroup>>;

function GroupPage({ group }: { group: FoundGroup }) {
  return (
    <Page
      title={group.name}
      crumbs={[{ label: words.accessGroups, to: PATHS.accessGroups }]}
      about={
        <Stack gap={2}>
          <CopyText text={group.key} label={words.keyLabel} />
          {group.description !== '' && <span>{group.description}</span>}
        </Stack>
      }
      actions={<Actions group={group} />}
    >
      {group.warning !== null && (
        <Alert color="orange" icon={<IconAlertTriangle size={18} />}>
          {group.warning}
        </Alert>
      )}
      <LabelledTargets group={group} />
      <Holders group={group} />
    </Page>
  );
}

function Actions({ group }: { group: FoundGroup }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const mayManage = verdictOf('catalogue.manage', group);
  const held = group.holders.length;
  return (
    <>
      <GuardedButton variant="default" verdict={mayManage} onClick={() => setOpen('edit')}>
        {words.edit}
      </GuardedButton>
      <GuardedButton variant="default" c="red" verdict={mayManage} onClick={() => setOpen('delete')}>
        {words.delete}
      </GuardedButton>
      <EditAccessGroupDialog groupKey={group.key} opened={open === 'edit'} onClose={() => setOpen(null)} />
      <ConfirmByName
        opened={open === 'delete'}
        onClose={() => setOpen(null)}
        title={words.deleteAccessGroup}
        name={group.key}
        verb={words.deleteAccessGroup}
        consequences={[
          words.removedFromTargets(group.members.length),
          held === 0 ? words.grantedToNoOne : words.holdersHaveIt(held),
        ]}
        effect={() => effectOf('DELETE', `/access-groups/${group.key}`)}
        action={async () => {
          await asked(api.DELETE('/access-groups/{key}', { params: { path: { key: group.key } } }));
          saved(words.groupWasDeleted(group.key));
          await navigate({ to: PATHS.accessGroups });
          await queryClient.invalidateQueries({ queryKey: ['access-groups'] });
        }}
      />
    </>
  );
}
