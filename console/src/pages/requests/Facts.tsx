import { SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyText } from '../../components/CopyText.tsx';
import { Named } from '../../components/Named.tsx';
import { TagList } from '../../components/TagList.tsx';
import { PATHS } from '../../paths.ts';
import { CODE_WORDS } from './codes.ts';
import type { FullRequest } from './full-request.ts';
import { words } from './words.ts';

/** The facts of a request, such as its organization, key and model, each with a link to its page. */
export function Facts({ request }: { request: FullRequest }) {
  const owner = request.member_id ?? request.service_account_id;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm" verticalSpacing="sm" component="dl" m={0}>
      <Fact name="Organization">
        <Named id={request.organization_id} />
      </Fact>
      <Fact name="Team">
        <Named id={request.team_id} />
      </Fact>
      <Fact name="Key">
        <Named id={request.key_id} />
      </Fact>
      <Fact name={request.member_id === null ? 'Service account' : 'Member'}>
        <Named id={owner} />
      </Fact>
      <Fact name="Model called">
        {request.model === null ? (
          words.unknown
        ) : (
          <Link to={PATHS.requests} search={{ model: request.model } as never} style={{ color: 'inherit' }}>
            {request.model}
          </Link>
        )}
      </Fact>
      <Fact name="Served by">{request.deployment_id === null ? words.noDeployment : <Named id={request.deployment_id} />}</Fact>
      <Fact name="Endpoint">
        <span className="mono">{request.endpoint}</span>
        {request.stream ? ', stream' : ''}
      </Fact>
      <Fact name="Attempts">{request.attempts}</Fact>
      {request.tags.length > 0 && (
        <Fact name="Tags">
          <TagList tags={request.tags} />
        </Fact>
      )}
      {request.code !== null && (
        <Fact name="Code">
          <span className="mono">{request.code}</span>
          {request.param === null ? '' : ` (${request.param})`}
          {CODE_WORDS[request.code] !== undefined && (
            <Text fz="xs" c="dimmed">
              {CODE_WORDS[request.code]}
            </Text>
          )}
        </Fact>
      )}
      {request.finish_reason !== null && <Fact name="Finish reason">{request.finish_reason}</Fact>}
      {request.client_request_id !== null && (
        <Fact name="Client’s request id">
          <CopyText text={request.client_request_id} label={words.clientsRequestId} />
        </Fact>
      )}
    </SimpleGrid>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" fz="xs" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0} fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  );
}
