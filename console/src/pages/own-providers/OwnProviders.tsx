import { Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { isCoded } from '../../api/credentials.ts';
import { OwnerProvider } from '../../api/owner.tsx';
import { useCan } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Section } from '../../components/Section.tsx';
import { CredentialDialog } from '../credentials/CredentialDialog.tsx';
import { CredentialsList } from '../credentials/CredentialsList.tsx';
import { DeploymentDialog } from '../models/DeploymentDialog.tsx';
import { OwnDeploymentsList } from './OwnDeploymentsList.tsx';
import { OwnUse } from './OwnUse.tsx';
import { words } from './words.ts';

/** The credentials and deployments that an organization brings, and how they are used. */
export function OwnProviders({ organizationId }: { organizationId: string }) {
  const verdict = useCan('own_providers.manage', organizationId);
  const [state, set] = useUrlState();
  const open = (what: string | undefined) => set({ new: what });
  const button = (label: string, what: string) => (
    <GuardedButton verdict={verdict} leftSection={<IconPlus size={16} />} onClick={() => open(what)}>
      {label}
    </GuardedButton>
  );
  return (
    <OwnerProvider value={organizationId}>
      <Stack gap="lg">
        <Text fz="sm" c="dimmed">
          {words.about}
        </Text>
        <OwnUse organizationId={organizationId} />
        <Section title={words.credentials}>
          <CredentialsList add={button(words.addCredential, 'openai')} />
        </Section>
        <Section title={words.deployments}>
          <OwnDeploymentsList organizationId={organizationId} add={button(words.addDeployment, 'deployment')} />
        </Section>
      </Stack>
      <CredentialDialog
        opened={isCoded(state.new) && verdict.allowed}
        onClose={() => open(undefined)}
        provider={isCoded(state.new) ? state.new : 'openai'}
      />
      <DeploymentDialog
        opened={state.new === 'deployment' && verdict.allowed}
        onClose={() => open(undefined)}
        onSaved={() => open(undefined)}
      />
    </OwnerProvider>
  );
}
