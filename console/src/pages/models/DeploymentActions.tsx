import { Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, asked, ifMatch, type Schema } from '../../api/client.ts';
import { effectOf } from '../../api/organizations.ts';
import { verdictOf } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { doneWithUndo } from '../../components/dialogs/doneWithUndo.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PATHS } from '../../paths.ts';
import { CheckBadge } from './DeploymentTest.tsx';
import { EditDeploymentDialog } from './EditDeploymentDialog.tsx';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

/**
 * The actions on a deployment. Those that take it out of service first show who loses what. `edit` in the address opens the
 * dialog, at a field if it names one.
 */
export function DeploymentActions({ deployment }: { deployment: Deployment }) {
  const [open, setOpen] = useState<'disable' | 'delete' | null>(null);
  const [{ edit }, setState] = useUrlState();
  const mayManage = verdictOf('catalogue.manage', deployment);
  const path = { id: deployment.id };
  const reload = useReload();
  const checking = useMutation({
    mutationFn: () => asked(api.POST('/deployments/{id}/check', { params: { path } })),
    onSuccess: reload,
  });
  const turning = useTurning(deployment);
  return (
    <>
      {checking.data !== undefined && <CheckBadge result={checking.data} />}
      {(checking.isError || turning.isError) && (
        <Text fz="sm" c="red" role="alert">
          {(checking.error ?? turning.error)?.message}
        </Text>
      )}
      <GuardedButton
        verdict={mayManage}
        variant="default"
        leftSection={<IconPlugConnected size={16} />}
        loading={checking.isPending}
        onClick={() => checking.mutate()}
      >
        {words.testCall}
      </GuardedButton>
      <GuardedButton
        verdict={mayManage}
        variant="default"
        loading={turning.isPending}
        onClick={() => (deployment.enabled ? setOpen('disable') : turning.mutate(true))}
      >
        {deployment.enabled ? words.disable : words.enable}
      </GuardedButton>
      <GuardedButton verdict={mayManage} variant="default" onClick={() => setState({ edit: 'deployment' }, 'push')}>
        {words.edit}
      </GuardedButton>
      <GuardedButton verdict={mayManage} variant="default" c="red" onClick={() => setOpen('delete')}>
        {words.delete}
      </GuardedButton>
      <EditDeploymentDialog
        opened={edit !== undefined && mayManage.allowed}
        at={edit}
        onClose={() => setState({ edit: undefined })}
        deployment={deployment}
      />
      <ConfirmByName
        opened={open === 'disable'}
        onClose={() => setOpen(null)}
        title={words.disableThisDeployment(deployment.model)}
        name={null}
        verb={words.disableDeployment}
        consequences={[words.disablingMeans]}
        effect={() => effectOf('PATCH', `/deployments/${deployment.id}`, { enabled: false })}
        action={() => turning.mutateAsync(false)}
      />
      <DeleteDialog deployment={deployment} opened={open === 'delete'} onClose={() => setOpen(null)} />
    </>
  );
}

/** Returns the mutation that enables or disables a deployment. The notification offers to undo it. */
function useTurning({ id }: Deployment) {
  const reload = useReload();
  const turn = async (enabled: boolean) => {
    await asked(api.PATCH('/deployments/{id}', { params: { path: { id } }, body: { enabled } }));
    await reload();
  };
  return useMutation({
    mutationFn: turn,
    onSuccess: (_, enabled) => doneWithUndo(enabled ? words.isEnabled : words.isDisabled, () => turn(!enabled)),
  });
}

/** Returns a function that reloads the deployment and the lists of deployments. */
function useReload(): () => Promise<unknown> {
  const queryClient = useQueryClient();
  return () => Promise.all(['deployment', 'deployments'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })));
}

interface DeleteDialogProps {
  readonly deployment: Deployment;
  readonly opened: boolean;
  readonly onClose: () => void;
}

function DeleteDialog({ deployment, opened, onClose }: DeleteDialogProps) {
  const navigate = useNavigate();
  const reload = useReload();
  const path = { id: deployment.id };
  return (
    <ConfirmByName
      opened={opened}
      onClose={onClose}
      title={words.deleteDeployment}
      name={deployment.model}
      verb={words.deleteDeployment}
      consequences={[words.requestsFinish, words.grantsStay, words.chargesStay]}
      effect={() => effectOf('DELETE', `/deployments/${deployment.id}`)}
      action={async () => {
        await asked(api.DELETE('/deployments/{id}', { params: { path, header: ifMatch(`"${deployment.version}"`) } }));
        saved(words.wasDeleted(deployment.model));
        await navigate({ to: PATHS.models });
        await reload();
      }}
    />
  );
}
