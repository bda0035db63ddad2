import { Alert, Anchor, Group, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { Facts } from '../../components/Facts.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { countText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';
import { hangupWords } from './BoundFields.tsx';
import { CapacityNow, lackedWords, PriceText, Tags } from './cells.tsx';
import { DeploymentActions } from './DeploymentActions.tsx';
import { DeploymentHealth } from './DeploymentHealth.tsx';
import { HealthBadge, REFRESH_MS, useCooling } from './health.tsx';
import { ModelSection } from './ModelSection.tsx';
import { PassedOver } from './PassedOver.tsx';
import { PriceOrigin } from './PriceOrigin.tsx';
import { PriceVersions } from './PriceVersions.tsx';
import { ProviderBadge } from './ProviderBadge.tsx';

type Deployment = Schema<'Deployment'>;

/** One deployment, its health, the model it serves, and its price versions. */
export function DeploymentPage() {
  const { deploymentId } = useParams({ strict: false }) as { deploymentId: string };
  const deployment = useQuery({
    queryKey: ['deployment', deploymentId],
    queryFn: () => asked(api.GET('/deployments/{id}', { params: { path: { id: deploymentId } } })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Asked shape="page" query={deployment}>
      {(found) => <Found deployment={found} />}
    </Asked>
  );
}

function Found({ deployment }: { deployment: Deployment }) {
  const cooling = useCooling();
  return (
    <Page
      title={deployment.model}
      crumbs={[{ label: 'Models', to: PATHS.models }]}
      beside={
        <Group gap={6}>
          <HealthBadge deployment={deployment} cooling={cooling} />
          <ProviderBadge provider={deployment.provider} />
        </Group>
      }
      about={<CopyText text={deployment.id} label="id" />}
      actions={<DeploymentActions deployment={deployment} />}
    >
      {deployment.unpriced_units.length > 0 && (
        <Alert color="orange" title="Something used here has no price">
          {lackedWords(deployment.unpriced_units)}
        </Alert>
      )}
      <PassedOver deployment={deployment} />
      <DeploymentHealth deployment={deployment} />
      <DeploymentFacts deployment={deployment} />
      <ModelSection name={deployment.model} />
      <Stack gap="xs">
        <Title order={2}>Price versions</Title>
        <PriceVersions deployment={deployment} />
      </Stack>
    </Page>
  );
}

function DeploymentFacts({ deployment }: { deployment: Deployment }) {
  return (
    <Facts
      facts={[
        ['Upstream model', <CopyText key="upstream" text={deployment.upstream_model} label="upstream model" />],
        ['Mode', deployment.mode === 'chat' ? 'Chat' : 'Embeddings'],
        ['Credential', <CredentialLink key="credential" id={deployment.credential_id} />],
        ['Price per million tokens', <PriceText key="price" prices={deployment.prices} />],
        ['Price in force since', <Time key="since" at={deployment.prices_effective_from} />],
        ['Price from', <PriceOrigin key="origin" from={deployment.prices_from} />],
        ['Capacity, this minute', <CapacityNow key="capacity" of={deployment} />],
        ['Weight, priority', `${deployment.weight}, ${deployment.priority}`],
        ['Routing tags', <Tags key="tags" tags={deployment.tags} />],
        ['Maximum output tokens', deployment.max_output_tokens === null ? 'not known' : countText(deployment.max_output_tokens)],
        ['Searches per request', atMost(deployment.max_searches)],
        ['Tokens per media part', atMost(deployment.max_part_tokens)],
        ['When the caller hangs up', hangupWords(deployment.on_hangup)],
        ['Timeout', `${deployment.timeout_ms / 1_000} s`],
        ['Created', <Time key="created" at={deployment.created_at} />],
        [
          'Requests',
          <Anchor key="requests" component={PageLink} at={links.requests({ deployment_id: deployment.id })} fz="sm">
            Request log
          </Anchor>,
        ],
      ]}
    />
  );
}

function atMost(bound: number | null): string {
  return bound === null ? 'not set' : `${countText(bound)} at most`;
}

function CredentialLink({ id }: { id: string | null }) {
  const credential = useQuery({
    queryKey: ['credential', id],
    queryFn: () => asked(api.GET('/credentials/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== null,
  });
  if (id === null) return <>None. The fake provider needs none.</>;
  return (
    <Anchor component={PageLink} at={links.credentials({ search: id })} fz="sm">
      {credential.data?.name ?? id}
    </Anchor>
  );
}
