import { Alert, List, Modal, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { Asked } from '../../components/Asked.tsx';
import type { Issuer } from './issuer-draft.ts';
import { words } from './words.ts';

/** Fetches the keys of an issuer now, and shows them or what is wrong. */
export function IssuerTest({ issuer, onClose }: { issuer: Issuer; onClose: () => void }) {
  const path = { id: issuer.organization_id, issuer_id: issuer.id };
  const query = useQuery({
    queryKey: ['trusted-issuers', issuer.id, 'test'],
    queryFn: () => asked(api.POST('/organizations/{id}/trusted-issuers/{issuer_id}/test', { params: { path } })),
    gcTime: 0,
    retry: false,
  });
  return (
    <Modal opened onClose={onClose} title={words.keysOf(issuer.name)} closeButtonProps={{ 'aria-label': words.close }}>
      <Asked query={query} shape="rows">
        {(found) => (
          <Stack gap="sm">
            <Alert color={found.ok ? 'green' : 'red'} p="xs" role="status">
              {found.words}
            </Alert>
            <List fz="sm" spacing={4}>
              {found.keys.map(({ kid, kty, alg }) => (
                <List.Item key={`${kid} ${kty} ${alg}`} className="mono">
                  {[kid ?? words.noKid, kty, alg ?? ''].join(' ')}
                </List.Item>
              ))}
            </List>
          </Stack>
        )}
      </Asked>
    </Modal>
  );
}
