import { Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { loadNames } from '../../api/names.ts';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { DecisionView } from '../../components/limits/DecisionView.tsx';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { Section } from '../../components/Section.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { PATHS } from '../../paths.ts';
import { Attempts } from './Attempts.tsx';
import { Content } from './Content.tsx';
import { Costs, unpricedIn } from './Costs.tsx';
import { Facts } from './Facts.tsx';
import type { FullRequest } from './full-request.ts';
import { LatencyBar } from './LatencyBar.tsx';
import { MirrorCopy } from './MirrorCopy.tsx';
import { Outcome } from './Outcome.tsx';
import { Remedies } from './Remedies.tsx';
import { RoutingOrder } from './Routing.tsx';
import { words } from './words.ts';

/** One request: its decision, cost and latency, and for people with that permission its content. */
export function RequestPage() {
  const { requestId } = useParams({ strict: false }) as { requestId: string };
  const queryClient = useQueryClient();
  const query = useQuery({
    queryKey: ['request', requestId],
    queryFn: async () => {
      // Content has a request of its own, because each read of it is an audit event.
      const params = { path: { request_id: requestId }, query: { content: false } };
      const request = await asked(api.GET('/requests/{request_id}', { params }));
      await loadNames(queryClient, deploymentsOf(request));
      return request;
    },
  });
  return (
    <Asked shape="page" query={query}>
      {(request) => <Shown request={request} askedId={requestId} />}
    </Asked>
  );
}

function Shown({ request, askedId }: { request: FullRequest; askedId: string }) {
  return (
    <Page
      title={words.request}
      crumbs={[{ label: words.requests, to: PATHS.requests }]}
      beside={
        <Group gap="xs">
          <StatusBadge status={request.status} />
          {request.partly_priced && <PartlyPriced units={unpricedIn(request)} />}
          <Text fz="sm" c="dimmed">
            {words.httpToTheClient(request.http_status)}
          </Text>
        </Group>
      }
      about={
        <Group gap="xs">
          <CopyText text={askedId} label={words.requestId} />
          <Time at={request.time} seconds />
        </Group>
      }
    >
      {request.count > 1 && <Text fz="sm">{words.refusalWasRepeated(request.count)}</Text>}
      <Outcome request={request} />
      {/* The attempts explain a failure, and the decision everything else. */}
      {request.status === 'failed' && <AttemptsSection request={request} />}
      <Section mt="sm" title={words.decision}>
        <DecisionView decision={request.decision} ended={request.status}>
          <Remedies remedies={request.remedies} request={request} />
        </DecisionView>
      </Section>
      {request.status !== 'failed' && <AttemptsSection request={request} />}
      <Section mt="sm" title={words.details}>
        <Facts request={request} />
      </Section>
      <Section mt="sm" title={words.latency}>
        <LatencyBar latency={request.latency} isStream={request.stream} attempts={request.attempts_made} />
      </Section>
      <Section mt="sm" title={words.tokensAndCost}>
        <Costs request={request} />
      </Section>
      <Section mt="sm" title={words.content}>
        <Content request={request} />
      </Section>
    </Page>
  );
}

function deploymentsOf({ attempts_made, decision }: FullRequest): readonly string[] {
  const tried = (attempts_made ?? []).flatMap((attempt) => [attempt, ...attempt.not_tried]);
  const named = [...tried, ...(decision.routing?.candidates ?? [])].map(({ deployment_id }) => deployment_id);
  const copied = decision.mirror?.deployment_id ?? null;
  return copied === null ? named : [...named, copied];
}

function AttemptsSection({ request }: { request: FullRequest }) {
  return (
    <Section mt="sm" title={words.attempts}>
      {request.decision.routing !== null && <RoutingOrder routing={request.decision.routing} />}
      {request.decision.mirror !== null && <MirrorCopy copy={request.decision.mirror} />}
      <Attempts attempts={request.attempts_made} count={request.attempts} isSummed={request.status !== 'failed'} />
    </Section>
  );
}
