import { Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../../api/client.ts';
import type { Domain } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { Asked } from '../../../components/Asked.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { Section } from '../../../components/Section.tsx';
import { words } from '../words.ts';
import { AddDomainDialog, RemoveDomainDialog } from './DomainDialogs.tsx';
import { DomainRow } from './DomainRow.tsx';

/** An organization has fewer domains than this. */
const DOMAINS_MAX = 200;

function useDomains(organizationId: string) {
  return useQuery({
    queryKey: ['domains', organizationId],
    queryFn: async () => {
      const params = { path: { id: organizationId }, query: { limit: DOMAINS_MAX } };
      return (await asked(api.GET('/organizations/{id}/domains', { params }))).data;
    },
  });
}

/** Lists the domains of an organization, with the record that verifies each. */
export function DomainsSection({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  const [removing, setRemoving] = useState<Domain | null>(null);
  const domains = useDomains(organization.id);
  const verdict = verdictOf('identity.manage', organization);
  const add = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={() => set({ new: 'domain' }, 'push')}>
      {words.addDomain}
    </GuardedButton>
  );
  return (
    <Section title={words.domains} aside={domains.data !== undefined && domains.data.length > 0 && add}>
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.domainsMean}
      </Text>
      <Asked query={domains}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState title={words.noDomainsYet} action={add}>
              {words.noDomainsMeans}
            </EmptyState>
          ) : (
            <Stack gap="lg">
              {rows.map((row) => (
                <DomainRow key={row.domain} row={row} organization={organization} onRemove={() => setRemoving(row)} />
              ))}
            </Stack>
          )
        }
      </Asked>
      <AddDomainDialog
        opened={state.new === 'domain' && verdict.allowed}
        organizationId={organization.id}
        onClose={() => set({ new: undefined })}
      />
      <RemoveDomainDialog row={removing} organizationId={organization.id} onClose={() => setRemoving(null)} />
    </Section>
  );
}
