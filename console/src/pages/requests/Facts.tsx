import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CopyText } from '../../components/CopyText.tsx';
import { Named } from '../../components/Named.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { TagList } from '../../components/TagList.tsx';
import { links } from '../../links.ts';
import { CODE_WORDS } from './codes.ts';
import type { FullRequest } from './full-request.ts';
import { words } from './words.ts';

/** The facts of a request, such as its organization, key and model, each with a link to its page. */
export function Facts({ request }: { request: FullRequest }) {
  const owner = request.member_id ?? request.service_account_id;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm" verticalSpacing="sm" component="dl" m={0}>
      <Fact name={words.organization}>
        <Named id={request.organization_id} />
      </Fact>
      <Fact name={words.team}>
        <Named id={request.team_id} />
      </Fact>
      <Fact name={words.key}>
        <Named id={request.key_id} />
      </Fact>
      <Fact name={request.member_id === null ? words.serviceAccount : words.member}>
        <Named id={owner} />
      </Fact>
      <Fact name={words.modelCalled}>
        {request.model === null ? (
          words.unknown
        ) : (
          <PageLink at={links.requests({ model: request.model ?? undefined })} style={{ color: 'inherit' }}>
            {request.model}
          </PageLink>
        )}
      </Fact>
      <Fact name={words.factServedBy}>
        {request.deployment_id === null ? words.noDeployment : <Named id={request.deployment_id} />}
      </Fact>
      <Fact name={words.factEndpoint}>
        <span className="mono">{request.endpoint}</span>
        {request.stream ? words.commaStream : ''}
      </Fact>
      <Fact name={words.attempts}>{request.attempts}</Fact>
      <Fact name={words.client}>{request.client === 'other' ? words.otherClient : request.client}</Fact>
      {request.end_user !== null && (
        <Fact name={words.endUser}>
          <Alike request={request} param="end_user" />
        </Fact>
      )}
      {request.session !== null && (
        <Fact name={words.session}>
          <Alike request={request} param="session" />
        </Fact>
      )}
      {request.tags.length > 0 && (
        <Fact name={words.factTags}>
          <TagList tags={request.tags} />
        </Fact>
      )}
      {request.code !== null && (
        <Fact name={words.code}>
          <span className="mono">{request.code}</span>
          {request.param === null ? '' : ` (${request.param})`}
          {CODE_WORDS[request.code] !== undefined && (
            <Text fz="xs" c="dimmed">
              {CODE_WORDS[request.code]}
            </Text>
          )}
        </Fact>
      )}
      {request.finish_reason !== null && <Fact name={words.factFinishReason}>{request.finish_reason}</Fact>}
      {request.client_request_id !== null && (
        <Fact name={words.factClientsRequestId}>
          <CopyText text={request.client_request_id} label={words.clientsRequestId} />
        </Fact>
      )}
    </SimpleGrid>
  );
}

/** A name that the caller chose, with a link to the requests that have it too. */
function Alike({ request, param }: { request: FullRequest; param: 'end_user' | 'session' }) {
  const name = request[param] ?? '';
  return (
    <PageLink at={links.requests({ organization_id: request.organization_id, [param]: name })} style={{ color: 'inherit' }}>
      <bdi>{name}</bdi>
    </PageLink>
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
