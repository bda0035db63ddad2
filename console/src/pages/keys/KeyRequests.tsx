import { Anchor } from '@mantine/core';
import { useMemo } from 'react';
import { api, asked } from '../../api/client.ts';
import { DataList, type ListQuery } from '../../components/list/DataList.tsx';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { requestColumns } from '../requests/columns.tsx';
import { words } from './words.ts';

const REFRESH_MS = 5_000;
const KNOWN_HERE = ['team_id', 'key_id'];

/** The latest requests of a key, the newest first. */
export function KeyRequests({ keyId }: { keyId: string }) {
  const openPage = useOpenPage();
  const columns = useMemo(
    () => requestColumns({ showOrganization: false }).filter(({ accessor }) => !KNOWN_HERE.includes(String(accessor))),
    [],
  );
  return (
    <>
      <DataList
        name="requests"
        prefix="requests_"
        scope={[keyId]}
        fetch={({ limit, cursor }: ListQuery) =>
          asked(api.GET('/requests', { params: { query: { limit, key_id: keyId, ...(cursor !== undefined && { cursor }) } } }))
        }
        columns={columns}
        refetchMs={REFRESH_MS}
        onRowClick={({ id }) => void openPage(links.request(id))}
        empty={<EmptyState title={words.noRequestsYet}>{words.firstRequestAppears}</EmptyState>}
      />
      <Anchor component={PageLink} at={links.requests({ key_id: keyId })} fz="sm">
        {words.allRequestsWithFilters}
      </Anchor>
    </>
  );
}
