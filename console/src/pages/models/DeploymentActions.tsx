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
        Test call
      </GuardedButton>
      <GuardedButton
        verdict={mayManage}
        variant="default"
        loading={turning.isPending}
        onClick={() => (deployment.enabled ? setOpen('disable') : turning.mutate(true))}
      >
        {deployment.enabled ? 'Disable' : 'Enable'}
      </GuardedButton>
      <GuardedButton verdict={mayManage} variant="default" onClick={() => setState({ edit: 'deployment' }, 'push')}>
        Edit
      </GuardedButton>
      <GuardedButton verdict={mayManage} variant="default" c="red" onClick={() => setOpen('delete')}>
        Delete
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
        title={`Disable this deployment of ${deployment.model}?`}
        name={null}
        verb="Disable deployment"
        consequences={['It gets no more requests. Requests in progress finish. You can enable it again at any time.']}
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
    onSuccess: (_, enabled) =>
      doneWithUndo(enabled ? 'The deployment is enabled.' : 'The deployment is disabled and gets no more requests.', () =>
        turn(!enabled),
      ),
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
      title="Delete deployment"
      name={deployment.model}
      verb="Delete deployment"
      consequences={[
        'It gets no more requests. Requests in progress finish.',
        'If it is the last deployment of its model, grants of the model’s name stay but have no effect.',
        'Past charges stay in the ledger, with their prices.',
      ]}
      effect={() => effectOf('DELETE', `/deployments/${deployment.id}`)}
      action={async () => {
        await asked(api.DELETE('/deployments/{id}', { params: { path, header: ifMatch(`"${deployment.version}"`) } }));
        saved(`A deployment of ${deployment.model} was deleted.`);
        await navigate({ to: PATHS.models });
        await reload();
      }}
    />
  );
}
