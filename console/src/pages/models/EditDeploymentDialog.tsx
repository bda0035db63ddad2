import { useQuery } from '@tanstack/react-query';
import type { Schema } from '../../api/client.ts';
import { ownedPath } from '../../api/own-providers.ts';
import { useOwner } from '../../api/owner.tsx';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { PriceFields } from '../../components/money/PriceFields.tsx';
import { bind } from '../../forms/bind.ts';
import { chooseCredentials } from './credential-choice.ts';
import { DeploymentTest } from './DeploymentTest.tsx';
import { type DeploymentDraft, deploymentFaults, draftOf } from './deployment-draft.ts';
import { deploymentParts } from './deployment-parts.ts';
import { RoutingFields } from './RoutingFields.tsx';
import { UpstreamFields } from './UpstreamFields.tsx';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

interface EditDeploymentDialogProps {
  readonly deployment: Deployment;
  readonly opened: boolean;
  /** The field at which the dialog opens: `timeout_ms`. */
  readonly at?: string | undefined;
  readonly onClose: () => void;
}

/** Edits a deployment. A test call is possible before it is saved. */
export function EditDeploymentDialog({ deployment, opened, at, onClose }: EditDeploymentDialogProps) {
  const owner = useOwner();
  const names = useCredentialNames(opened);
  const parts = deploymentParts((id) => names.get(id) ?? id);
  return (
    <EditDialog<Deployment, DeploymentDraft>
      opened={opened}
      onClose={onClose}
      at={at}
      title={words.editNamed(deployment.model)}
      what={words.thisDeployment}
      path={ownedPath(owner, 'deployments', deployment.id)}
      draftOf={draftOf}
      // Own deployments take nothing from anybody, so there is no effect to show.
      parts={owner === null ? parts : parts.map((part) => ({ ...part, hasEffect: false }))}
      validate={deploymentFaults}
      invalidates={['deployments', 'deployment', 'models', 'model', 'callable-targets', 'prices']}
      aside={(draft) => owner === null && <DeploymentTest draft={draft} />}
    >
      {(form) => (
        <>
          <UpstreamFields form={form} isNew={false} onPrices={() => {}} />
          <PriceFields {...bind(form, 'prices')} />
          <RoutingFields form={form} />
        </>
      )}
    </EditDialog>
  );
}

function useCredentialNames(isWanted: boolean): ReadonlyMap<string, string> {
  const owner = useOwner();
  const credentials = useQuery({
    queryKey: ['credentials', 'names', owner],
    queryFn: () => chooseCredentials(owner),
    enabled: isWanted,
  });
  return new Map((credentials.data?.data ?? []).map(({ id, name }) => [id, name]));
}
