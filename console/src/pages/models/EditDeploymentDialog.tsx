import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import { PriceFields } from '../../components/money/PriceFields.tsx';
import { bind } from '../../forms/bind.ts';
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

const CREDENTIALS_MAX = 200;

/** Edits a deployment. A test call is possible before it is saved. */
export function EditDeploymentDialog({ deployment, opened, at, onClose }: EditDeploymentDialogProps) {
  const names = useCredentialNames(opened);
  return (
    <EditDialog<Deployment, DeploymentDraft>
      opened={opened}
      onClose={onClose}
      at={at}
      title={words.editNamed(deployment.model)}
      what={words.thisDeployment}
      path={`/deployments/${deployment.id}`}
      draftOf={draftOf}
      parts={deploymentParts((id) => names.get(id) ?? id)}
      validate={deploymentFaults}
      invalidates={['deployments', 'deployment', 'models', 'model', 'callable-targets', 'prices']}
      aside={(draft) => <DeploymentTest draft={draft} />}
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
  const credentials = useQuery({
    queryKey: ['credentials', 'names'],
    queryFn: () => asked(api.GET('/credentials', { params: { query: { limit: CREDENTIALS_MAX, sort: 'name' } } })),
    enabled: isWanted,
  });
  return new Map((credentials.data?.data ?? []).map(({ id, name }) => [id, name]));
}
