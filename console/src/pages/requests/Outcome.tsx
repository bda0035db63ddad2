import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconBan } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useCan } from '../../api/session.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { type Advice, adviceFor, destinationOf } from './advice.ts';
import { causeOf, saidByProvider, summaryOf } from './attempt-words.ts';
import type { FullRequest } from './full-request.ts';
import { words } from './words.ts';

/** Says at the top of a request's page that it failed or was cancelled, why, and what to do. Shows nothing for other requests. */
export function Outcome({ request }: { request: FullRequest }) {
  if (request.status === 'cancelled')
    return (
      <Alert color="gray" icon={<IconBan size={18} />} title={words.cancelled}>
        <Text fz="sm">{words.clientHungUp}</Text>
      </Alert>
    );
  if (request.status !== 'failed') return null;
  return (
    <Alert color="red" icon={<IconAlertTriangle size={18} />} title={words.failed}>
      <Stack gap="xs">
        <Text fz="sm">{whyFailed(request)}</Text>
        <WhatToDo request={request} />
      </Stack>
    </Alert>
  );
}

/** Returns why a request failed: how many attempts were made, and the cause of the last one. */
function whyFailed({ attempts_made: made, attempts, http_status, code }: FullRequest): string {
  const client = words.clientGotHttp(http_status, code);
  const last = made?.at(-1);
  if (made === null) return `${client} ${attempts === 0 ? words.noProviderWasCalled : ''}`.trim();
  if (last === undefined) return words.noProviderCalledAndClient(client);
  return [summaryOf(made), saidByProvider(last) ?? causeOf(last), client].filter((part) => part !== null).join(' ');
}

function WhatToDo({ request }: { request: FullRequest }) {
  const last = request.attempts_made?.at(-1);
  const advice = adviceFor([last?.code, request.code]);
  if (advice === null) return null;
  const deploymentId = last?.deployment_id ?? request.deployment_id;
  return (
    <Group gap="sm" component="section" aria-label={words.whatToDo} style={{ rowGap: 4 }}>
      <Text fz="sm" flex={1} miw={220}>
        <b>{words.whatToDoNow}</b> {advice.text}
      </Text>
      {advice.at !== undefined && <Follow advice={advice} deploymentId={deploymentId} model={request.model} />}
    </Group>
  );
}

interface FollowProps {
  readonly advice: Advice;
  readonly deploymentId: string | null;
  readonly model: string | null;
}

/** A link to the place where the advice is followed, for people who manage the catalogue. For others, who can. */
function Follow({ advice, deploymentId, model }: FollowProps) {
  const verdict = useCan('catalogue.manage');
  const mayManage = verdict.allowed;
  const deployment = useQuery({
    queryKey: ['deployment', deploymentId],
    queryFn: () => asked(api.GET('/deployments/{id}', { params: { path: { id: deploymentId ?? '' } } })),
    enabled: mayManage && deploymentId !== null && advice.at === 'credential',
    retry: false,
  });
  if (!mayManage) return <WhyNot verdict={verdict} />;
  const place = { id: deploymentId, credentialId: deployment.data?.credential_id ?? null, model };
  const destination = destinationOf(advice, place);
  if (destination === null) return null;
  return (
    <Button component={PageLink} at={destination} size="xs" variant="default">
      {destination.label}
    </Button>
  );
}
