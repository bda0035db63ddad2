import { Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CreateForm } from '../../components/dialogs/CreateDialog.tsx';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { PolicyFields } from '../../components/fields/PolicyFields.tsx';
import { policyForm, tagsForm } from '../../components/fields/policy-draft.ts';
import { useOpenPage } from '../../components/PageLink.tsx';
import { bind } from '../../forms/bind.ts';
import { links } from '../../links.ts';
import { SelfServiceFields } from './SelfServiceFields.tsx';
import { NEW_TEAM, teamBody } from './team-draft.ts';
import { words } from './words.ts';

interface CreateTeamDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** The organization of the new team. Without it, the dialog lets the person choose one. */
  readonly organizationId?: string | undefined;
}

/** Creates a team in one step: limits, budgets, access and self-service, within what its organization has. */
export function CreateTeamDialog({ opened, onClose, organizationId }: CreateTeamDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={words.createTeam} size="xl">
      <Steps organizationId={organizationId} />
    </FormDialog>
  );
}

function Steps({ organizationId }: { organizationId: string | undefined }) {
  const only = useOnlyOrganization();
  const [chosen, setChosen] = useState<string | undefined>(organizationId ?? only);
  const organization = useQuery({
    queryKey: ['organizations', 'one', chosen],
    queryFn: () => asked(api.GET('/organizations/{id}', { params: { path: { id: chosen ?? '' } } })),
    enabled: chosen !== undefined,
  });
  return (
    <Stack gap="sm">
      {organizationId === undefined && (
        <ObjectSelect kind="organization" label={words.organization} value={chosen} onChange={setChosen} isFirst />
      )}
      {chosen !== undefined && <Asked query={organization}>{(read) => <Form key={read.id} organization={read} />}</Asked>}
    </Stack>
  );
}

function Form({ organization }: { organization: Schema<'Organization'> }) {
  const openPage = useOpenPage();
  return (
    <CreateForm
      initial={NEW_TEAM}
      validate={{ name: (name) => (name.trim() === '' ? words.enterAName : null) }}
      verb={words.createTeam}
      invalidates={['teams', 'organizations']}
      save={(draft, header) =>
        asked(
          api.POST('/organizations/{id}/teams', {
            params: { path: { id: organization.id }, header },
            body: teamBody(draft),
          }),
        )
      }
      onSaved={(team) => {
        saved(words.wasCreated(team.name));
        void openPage(links.team(team.id));
      }}
    >
      {(form) => (
        <>
          <TextInput
            label={words.name}
            data-autofocus
            required
            withAsterisk={false}
            maxLength={200}
            {...form.getInputProps('name')}
          />
          <PolicyFields
            form={policyForm(form)}
            tags={tagsForm(form)}
            caps={[{ level: words.organization, ...organization }]}
            timeZone={organization.time_zone}
            level={{ is: 'team', organizationId: organization.id }}
            holder={form.values.name.trim() === '' ? words.thisTeam : form.values.name}
            parentName={organization.name}
          />
          <SelfServiceFields {...bind(form, 'self_service')} />
        </>
      )}
    </CreateForm>
  );
}

/** Returns the person's organization if they have exactly one and no platform role. */
function useOnlyOrganization(): string | undefined {
  const { memberships, platform_role } = useSession();
  return platform_role === null && memberships.length === 1 ? memberships[0]?.organization_id : undefined;
}
