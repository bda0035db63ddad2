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
import { countText, durationText } from '../../numbers/numbers.ts';
import { PATHS } from '../../paths.ts';
import { hangupWords } from './BoundFields.tsx';
import { CapacityNow, lackedWords, PriceText, Tags } from './cells.tsx';
import { DeploymentActions } from './DeploymentActions.tsx';
import { DeploymentHealth } from './DeploymentHealth.tsx';
import { HealthBadge, REFRESH_MS, useCooling } from './health.tsx';
import { ModelSection } from './ModelSection.tsx';
import { MODE_NAMES } from './modes.ts';
import { PassedOver } from './PassedOver.tsx';
import { PriceOrigin } from './PriceOrigin.tsx';
import { PriceVersions } from './PriceVersions.tsx';
import { ProviderBadge } from './ProviderBadge.tsx';
import { words } from './words.ts';

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
      crumbs={[{ label: words.models, to: PATHS.models }]}
      beside={
        <Group gap={6}>
          <HealthBadge deployment={deployment} cooling={cooling} />
          <ProviderBadge provider={deployment.provider} />
        </Group>
      }
      about={<CopyText text={deployment.id} label={words.theDeploymentsId} />}
      actions={<DeploymentActions deployment={deployment} />}
    >
      {deployment.unpriced_units.length > 0 && (
        <Alert color="orange" title={words.pricesAreMissing}>
          {lackedWords(deployment.unpriced_units)}
        </Alert>
      )}
      <PassedOver deployment={deployment} />
      <DeploymentHealth deployment={deployment} />
      <DeploymentFacts deployment={deployment} />
      <ModelSection name={deployment.model} />
      <Stack gap="xs">
        <Title order={2}>{words.priceVersions}</Title>
        <PriceVersions deployment={deployment} />
      </Stack>
    </Page>
  );
}

function DeploymentFacts({ deployment }: { deployment: Deployment }) {
  return (
    <Facts
      facts={[
        [words.upstreamModel, <CopyText key="upstream" text={deployment.upstream_model} label={words.theUpstreamModel} />],
        [words.mode, MODE_NAMES[deployment.mode]],
        [words.credential, <CredentialLink key="credential" id={deployment.credential_id} />],
        [words.pricePerMillionTokens, <PriceText key="price" prices={deployment.prices} />],
        [words.priceInForceSince, <Time key="since" at={deployment.prices_effective_from} />],
        [words.priceSource, <PriceOrigin key="origin" from={deployment.prices_from} />],
        [words.capacityThisMinute, <CapacityNow key="capacity" of={deployment} />],
        [words.weightPriority, `${countText(deployment.weight)}, ${countText(deployment.priority)}`],
        [words.routingTags, <Tags key="tags" tags={deployment.tags} />],
        [
          words.maximumOutputTokens,
          deployment.max_output_tokens === null ? words.notKnown : countText(deployment.max_output_tokens),
        ],
        [words.contextWindow, atMost(deployment.context_window)],
        [words.searchesPerRequest, atMost(deployment.max_searches)],
        [words.tokensPerMediaPart, atMost(deployment.max_part_tokens)],
        [words.onHangup, hangupWords(deployment.on_hangup)],
        [words.outputCapField, deployment.output_cap_field ?? words.newerName],
        [words.timeout, durationText(deployment.timeout_ms)],
        [words.created, <Time key="created" at={deployment.created_at} />],
        [
          words.requests,
          <Anchor key="requests" component={PageLink} at={links.requests({ deployment_id: deployment.id })} fz="sm">
            {words.requestLog}
          </Anchor>,
        ],
      ]}
    />
  );
}

function atMost(bound: number | null): string {
  return bound === null ? words.notSet : words.atMost(bound);
}

function CredentialLink({ id }: { id: string | null }) {
  const credential = useQuery({
    queryKey: ['credential', id],
    queryFn: () => asked(api.GET('/credentials/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== null,
  });
  if (id === null) return <>{words.noCredentialNeeded}</>;
  return (
    <Anchor component={PageLink} at={links.credentials({ search: id })} fz="sm">
      {credential.data?.name ?? id}
    </Anchor>
  );
}
