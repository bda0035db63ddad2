import { Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { providersQuery } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { Asked } from '../../../components/Asked.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../../components/fields/useUrlState.ts';
import { EmptyState } from '../../../components/list/EmptyState.tsx';
import { Section } from '../../../components/Section.tsx';
import { words } from '../words.ts';
import type { Doing } from './doing.ts';
import { DeleteProviderDialog, SwitchOffDialog } from './ProviderActions.tsx';
import { CreateProviderDialog, EditProviderDialog } from './ProviderDialogs.tsx';
import { ProviderRow } from './ProviderRow.tsx';
import { SigningKeyDialog } from './SigningKeyDialog.tsx';
import { TestDialog } from './TestDialog.tsx';

/** Lists the identity providers of an organization, from draft to active. */
export function ProvidersSection({ organization }: { organization: Organization }) {
  const [state, set] = useUrlState();
  const [doing, setDoing] = useState<Doing | null>(null);
  const providers = useQuery(providersQuery(organization.id));
  const verdict = verdictOf('identity.manage', organization);
  const done = () => setDoing(null);
  // The window of a test comes back here with the id of its result.
  const tested = providers.data?.find(({ id }) => id === state.provider);
  const add = (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={() => set({ new: 'provider' }, 'push')}>
      {words.addProvider}
    </GuardedButton>
  );
  return (
    <Section title={words.identityProviders} aside={providers.data !== undefined && providers.data.length > 0 && add}>
      <Text fz="sm" c="dimmed" mb="md" maw={760}>
        {words.providersMean}
      </Text>
      <Asked query={providers}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState title={words.noProvidersYet} action={add}>
              {words.noProvidersMeans}
            </EmptyState>
          ) : (
            <Stack gap="xl">
              {rows.map((provider) => (
                <ProviderRow
                  key={provider.id}
                  provider={provider}
                  organization={organization}
                  isOpenedAtStart={provider.id === state.provider}
                  onDo={(is) => setDoing({ is, provider })}
                />
              ))}
            </Stack>
          )
        }
      </Asked>
      <CreateProviderDialog
        opened={state.new === 'provider' && verdict.allowed}
        organizationId={organization.id}
        onClose={() => set({ new: undefined })}
        onCreated={({ id }) => set({ new: undefined, provider: id })}
      />
      {doing?.is === 'edit' && <EditProviderDialog provider={doing.provider} onClose={done} />}
      {doing?.is === 'test' && <TestDialog provider={doing.provider} onClose={done} />}
      {tested !== undefined && state.test !== undefined && (
        <TestDialog provider={tested} testId={state.test} onClose={() => set({ test: undefined, sso: undefined })} />
      )}
      {doing?.is === 'signing-key' && (
        // The newest version: each step changes it.
        <SigningKeyDialog
          provider={providers.data?.find(({ id }) => id === doing.provider.id) ?? doing.provider}
          onClose={done}
        />
      )}
      {doing?.is === 'switch-off' && <SwitchOffDialog provider={doing.provider} onClose={done} />}
      {doing?.is === 'delete' && <DeleteProviderDialog provider={doing.provider} onClose={done} />}
    </Section>
  );
}
