import { Alert, Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { verdictOf } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { TargetPicker } from '../../components/fields/TargetPicker.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { PATHS } from '../../paths.ts';
import { EditAccessGroupDialog } from './EditAccessGroupDialog.tsx';
import { Holders } from './Holders.tsx';
import { LABELS_SHOW_IN, relabel } from './relabel.ts';

/** One access group: what carries its label now, and who holds it. */
export function AccessGroupPage() {
  const { accessGroupKey: key } = useParams({ strict: false }) as { accessGroupKey: string };
  const group = useQuery({ queryKey: ['access-group', key], queryFn: () => readGroup(key) });
  return <Asked query={group}>{(found) => <GroupPage group={found} />}</Asked>;
}

function readGroup(key: string) {
  return asked(api.GET('/access-groups/{key}', { params: { path: { key } } }));
}

type FoundGroup = Awaited<ReturnType<typeof readGroup>>;

function GroupPage({ group }: { group: FoundGroup }) {
  return (
    <Page
      title={group.name}
      crumbs={[{ label: 'Access groups', to: PATHS.accessGroups }]}
      about={
        <Stack gap={2}>
          <CopyText text={group.key} label="key" />
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
      <Members group={group} />
      <Holders group={group} />
    </Page>
  );
}

function Actions({ group }: { group: FoundGroup }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const mayManage = verdictOf('catalogue.manage', group.capabilities);
  const held = group.holders.length;
  return (
    <>
      <GuardedButton variant="default" verdict={mayManage} onClick={() => setOpen('edit')}>
        Edit
      </GuardedButton>
      <GuardedButton variant="default" c="red" verdict={mayManage} onClick={() => setOpen('delete')}>
        Delete
      </GuardedButton>
      <EditAccessGroupDialog groupKey={group.key} opened={open === 'edit'} onClose={() => setOpen(null)} />
      <ConfirmByName
        opened={open === 'delete'}
        onClose={() => setOpen(null)}
        title="Delete this access group"
        name={group.key}
        verb="Delete access group"
        consequences={[
          `Its label goes from ${group.members.length} ${group.members.length === 1 ? 'target' : 'targets'}.`,
          held === 0
            ? 'Nobody holds it.'
            : `${held} ${held === 1 ? 'holder names' : 'holders name'} it: take it out there first.`,
        ]}
        action={async () => {
          await asked(api.DELETE('/access-groups/{key}', { params: { path: { key: group.key } } }));
          saved(`The access group ${group.key} was deleted.`);
          await navigate({ to: PATHS.accessGroups });
          await queryClient.invalidateQueries({ queryKey: ['access-groups'] });
        }}
      />
    </>
  );
}

function Members({ group }: { group: FoundGroup }) {
  const queryClient = useQueryClient();
  const [chosen, setChosen] = useState<string | null>(null);
  const mayManage = verdictOf('catalogue.manage', group.capabilities);
  const change = async ({ target, has }: { target: string; has: boolean }) => {
    await relabel(target, has ? { given: [group.key] } : { taken: [group.key] });
    await Promise.all(LABELS_SHOW_IN.map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
  };
  const changing = useMutation({
    mutationFn: change,
    onSuccess: (_, { target, has }) => {
      setChosen(null);
      const words = has
        ? `Holders of ${group.key} may call ${target} now.`
        : `${target} has no label ${group.key} any more: who reached it only through that lost it.`;
      doneWithUndo(words, () => change({ target, has: !has }));
    },
  });
  return (
    <Stack gap="xs">
      <Title order={2}>Targets with this label</Title>
      <Paper withBorder p="sm">
        <Stack gap="sm">
          {group.members.length === 0 && (
            <Text fz="sm" c="dimmed">
              None yet. Grants of the group are valid all the same: they apply when a target is labelled.
            </Text>
          )}
          <Group gap="xs">
            {group.members.map((name) => (
              <Group key={name} gap={2} wrap="nowrap">
                <Badge variant="default" size="lg" maw={320} fw={500}>
                  {name}
                </Badge>
                {mayManage.allowed && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="gray"
                    aria-label={`Take the label from ${name}`}
                    disabled={changing.isPending}
                    onClick={() => changing.mutate({ target: name, has: false })}
                  >
                    ×
                  </Button>
                )}
              </Group>
            ))}
          </Group>
          {mayManage.allowed && (
            <Group gap="xs" align="flex-end">
              <TargetPicker
                label="Label another target"
                placeholder="Model or route group"
                value={chosen}
                onChange={setChosen}
                w={280}
              />
              <Button
                variant="default"
                disabled={chosen === null || group.members.includes(chosen)}
                loading={changing.isPending}
                onClick={() => chosen !== null && changing.mutate({ target: chosen, has: true })}
              >
                Label it
              </Button>
            </Group>
          )}
          {changing.isError && (
            <Text fz="sm" c="red" role="alert">
              {changing.error.message}
            </Text>
          )}
        </Stack>
      </Paper>
    </Stack>
  );
}
