import { Anchor, Box, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DeploymentAttempts } from '../../api/attempts.ts';
import type { Schema } from '../../api/client.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { speakerOf } from '../requests/attempt-words.ts';
import { countedText } from './health.tsx';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

/** The health of a deployment: its attempts of about the last hour, its last error, and the last test that a person made. */
export function DeploymentHealth({ deployment }: { deployment: Deployment }) {
  const { attempts, state_rule, last_check: check } = deployment;
  return (
    <Box component="section" aria-label={words.health}>
      <Stack gap="xs">
        <Title order={2}>{words.health}</Title>
        <Line name={words.state}>{state_rule}</Line>
        <Counts attempts={attempts} />
        <Line name={words.lastError}>
          {attempts.last_error === null ? words.noneKnown : <LastError error={attempts.last_error} />}
        </Line>
        <Line name={words.lastTestCall}>
          {check === null ? words.notTestedYet : <LastCheck check={check} changedAt={deployment.updated_at} />}
        </Line>
      </Stack>
    </Box>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Group gap="xs" align="baseline" style={{ rowGap: 0 }}>
      <Text fz="sm" c="dimmed" w={130}>
        {name}
      </Text>
      <Text fz="sm" component="div" flex={1} miw={200} style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </Group>
  );
}

function Counts({ attempts }: { attempts: DeploymentAttempts }) {
  const { p50_ms, p95_ms, failing_since, caller_errors: callerErrors } = attempts;
  return (
    <>
      <Line name={words.attempts}>
        {countedText(attempts)}
        {callerErrors > 0 && words.callerErrors(callerErrors)}
      </Line>
      {failing_since !== null && (
        <Line name={words.noAnswerSince}>
          <Time at={failing_since} seconds /> (<Time at={failing_since} relative />)
        </Line>
      )}
      {p50_ms !== null && p95_ms !== null && <Line name={words.timeToAnswer}>{words.latencies(p50_ms, p95_ms)}</Line>}
    </>
  );
}

function LastError({ error }: { error: NonNullable<DeploymentAttempts['last_error']> }) {
  const facts = [error.status === null ? null : words.httpStatus(error.status), error.code].filter((fact) => fact !== null);
  return (
    <>
      <Time at={error.time} seconds /> (<Time at={error.time} relative />)
      {facts.length > 0 && (
        <>
          {' · '}
          <span className="mono">{facts.join(' ')}</span>
        </>
      )}
      {' · '}
      <Anchor component={PageLink} at={links.request(error.request_id)} inherit underline="always">
        {words.openTheRequest}
      </Anchor>
      {error.message !== null && error.message !== '' && (
        <Text fz="sm">
          {speakerOf(error)}: <bdi>“{error.message}”</bdi>
        </Text>
      )}
    </>
  );
}

interface LastCheckProps {
  readonly check: NonNullable<Schema<'Deployment'>['last_check']>;
  readonly changedAt: string;
}

function LastCheck({ check, changedAt }: LastCheckProps) {
  return (
    <>
      {check.ok ? words.answeredIn(check.latency_ms) : words.failedAfter(check.latency_ms)}
      {check.status !== null && !check.ok && words.withStatus(check.status)}
      {' · '}
      <Time at={check.checked_at} relative /> · <bdi>{check.actor_name}</bdi>
      {Date.parse(changedAt) > Date.parse(check.checked_at) && words.changedAfterTest}
      {!check.ok && check.message !== '' && (
        <Text fz="sm">
          <bdi>“{check.message}”</bdi>
        </Text>
      )}
    </>
  );
}
