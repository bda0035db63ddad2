import { Alert, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { KeySecret } from '../../components/dialogs/KeySecret.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { WhyNot } from '../../components/dialogs/WhyNot.tsx';
import { PlacedSelect } from '../../components/fields/PlacedSelect.tsx';
import { CreateKeyForm } from './CreateKeyForm.tsx';
import { makingIn } from './may-create.ts';
import { words } from './words.ts';

interface CreateKeyDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The team of the new key. Without it, the dialog lets the person choose one. */
  readonly teamId?: string | undefined;
  readonly organizationId?: string | undefined;
}

/** Creates a key, then shows its secret once with calls that are ready to paste. */
export function CreateKeyDialog({ opened, onClose, teamId, organizationId }: CreateKeyDialogProps) {
  const [created, setCreated] = useState<Schema<'NewKey'> | null>(null);
  return (
    <>
      <FormDialog opened={opened} onClose={onClose} title={words.createKey} size="xl">
        <Steps teamId={teamId} organizationId={organizationId} onCreated={setCreated} />
      </FormDialog>
      {created !== null && (
        <SecretDialog title={words.isReady(created.name)} size="xl" onClose={() => setCreated(null)}>
          <KeySecret keyId={created.id} secret={created.secret} />
        </SecretDialog>
      )}
    </>
  );
}

interface StepsProps extends Pick<CreateKeyDialogProps, 'teamId' | 'organizationId'> {
  readonly onCreated: (key: Schema<'NewKey'>) => void;
}

function Steps({ teamId, organizationId, onCreated }: StepsProps) {
  const onlyTeam = useOnlyTeam();
  const [chosen, setChosen] = useState<string | undefined>(teamId ?? onlyTeam);
  const session = useSession();
  const team = useQuery({
    queryKey: ['teams', 'one', chosen],
    queryFn: () => asked(api.GET('/teams/{id}', { params: { path: { id: chosen ?? '' } } })),
    enabled: chosen !== undefined,
  });
  const making = team.data === undefined ? null : makingIn(team.data, session);
  return (
    <Stack gap="sm">
      <PlacedSelect
        kind="team"
        label={words.team}
        isFirst
        placeholder={words.searchByNameOrId}
        value={chosen}
        onChange={setChosen}
        organizationId={organizationId}
      />
      {team.isError && (
        <Alert color="red" p="xs" role="alert">
          {team.error.message}
        </Alert>
      )}
      {making?.is === 'none' && (
        <Alert color="yellow" p="xs" role="status">
          <WhyNot verdict={making.verdict} />
        </Alert>
      )}
      {team.data !== undefined && making !== null && making.is !== 'none' && (
        <CreateKeyForm key={team.data.id} team={team.data} isOwn={making.is === 'own'} onCreated={onCreated} />
      )}
    </Stack>
  );
}

/** Returns the person's team if they are in exactly one. */
function useOnlyTeam(): string | undefined {
  const teams = useSession().memberships.flatMap((membership) => membership.teams);
  return teams.length === 1 ? teams[0]?.team_id : undefined;
}
