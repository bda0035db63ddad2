import { Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, asked } from '../../../api/client.ts';
import type { Domain } from '../../../api/identity.ts';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { CreateDialog } from '../../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { words } from '../words.ts';

interface AddDomainProps {
  readonly opened: boolean;
  readonly organizationId: string;
  readonly onClose: () => void;
}

export function AddDomainDialog({ opened, organizationId, onClose }: AddDomainProps) {
  return (
    <CreateDialog
      opened={opened}
      onClose={onClose}
      title={words.addDomain}
      size="md"
      initial={{ domain: '' }}
      validate={{ domain: (domain: string) => (domain.trim() === '' ? words.enterDomain : null) }}
      verb={words.addDomain}
      invalidates={['domains']}
      save={({ domain }, header) =>
        asked(
          api.POST('/organizations/{id}/domains', {
            params: { path: { id: organizationId }, header },
            body: { domain: domain.trim() },
          }),
        )
      }
      onSaved={(row) => saved(words.domainAdded(row.domain))}
    >
      {(form) => (
        <>
          <TextInput
            data-autofocus
            label={words.domain}
            description={words.domainFieldMeans}
            placeholder={words.domainExample}
            maxLength={300}
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps('domain')}
          />
          <Text fz="sm" c="dimmed">
            {words.thenCreateRecord}
          </Text>
        </>
      )}
    </CreateDialog>
  );
}

interface RemoveDomainProps {
  readonly row: Domain | null;
  readonly organizationId: string;
  readonly onClose: () => void;
}

/** Asks before a domain is removed. One that never counted goes with one click. */
export function RemoveDomainDialog({ row, organizationId, onClose }: RemoveDomainProps) {
  const queryClient = useQueryClient();
  const counts = row?.state === 'verified' || row?.state === 'missing';
  return (
    <ConfirmByName
      opened={row !== null}
      onClose={onClose}
      title={words.removeNamed(row?.domain ?? '')}
      name={counts ? (row?.domain ?? '') : null}
      verb={words.removeDomain}
      consequences={counts ? [words.removalStopsNew, words.removalKeepsLinked, words.removalFrees] : [words.removalOfUnproved]}
      action={async () => {
        if (row === null) return;
        const path = { id: organizationId, domain: row.domain };
        await asked(api.DELETE('/organizations/{id}/domains/{domain}', { params: { path } }));
        saved(words.domainRemoved(row.domain));
        await queryClient.invalidateQueries({ queryKey: ['domains'] });
      }}
    />
  );
}
