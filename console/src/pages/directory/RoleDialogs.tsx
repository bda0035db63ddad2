import { SegmentedControl, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import type { DirectoryGroup } from '../../api/directory.ts';
import { removeMapping } from '../../api/identity.ts';
import type { Organization } from '../../api/organizations.ts';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { CreateForm } from '../../components/dialogs/CreateDialog.tsx';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { ORGANIZATION_ROLES, RoleSelect, TEAM_ROLES } from '../../components/fields/RoleSelect.tsx';
import { words } from './words.ts';

interface Draft {
  readonly gives: 'organization' | 'team';
  readonly role: (typeof ORGANIZATION_ROLES)[number];
  readonly team_id: string;
  readonly team_role: (typeof TEAM_ROLES)[number];
}

interface GiveProps {
  readonly group: DirectoryGroup | null;
  readonly organization: Organization;
  readonly onClose: () => void;
}

/** Lets a group give a role: in the organization, or in one team. */
export function GiveRoleDialog({ group, organization, onClose }: GiveProps) {
  return (
    <FormDialog opened={group !== null} onClose={onClose} title={words.giveRoleTo(group?.name ?? '')}>
      {group !== null && <GiveRoleForm group={group} organization={organization} />}
    </FormDialog>
  );
}

function GiveRoleForm({ group, organization }: { group: DirectoryGroup; organization: Organization }) {
  const initial: Draft = { gives: 'team', role: 'org_member', team_id: '', team_role: 'team_developer' };
  return (
    <CreateForm
      initial={initial}
      validate={{
        team_id: (id: string, { gives }: Draft) => (gives === 'team' && id === '' ? words.chooseTeam : null),
      }}
      verb={words.giveRole}
      invalidates={['directory-groups', 'directory', 'group-mappings']}
      save={({ gives, role, team_id, team_role }, header) => {
        const given = gives === 'organization' ? { role } : { team_id, team_role };
        const params = { path: { id: organization.id }, header };
        const body = { source: 'scim', value: group.id, ...given };
        return asked(api.POST('/organizations/{id}/group-mappings', { params, body }));
      }}
      onSaved={() => saved(words.roleGiven(group.name))}
    >
      {(form) => (
        <>
          <SegmentedControl
            aria-label={words.gives}
            data={[
              { value: 'team', label: words.teamRole },
              { value: 'organization', label: words.organizationRole },
            ]}
            {...form.getInputProps('gives')}
          />
          {form.values.gives === 'team' ? (
            <>
              <ObjectSelect
                kind="team"
                label={words.team}
                organizationId={organization.id}
                value={form.values.team_id === '' ? undefined : form.values.team_id}
                onChange={(id) => form.setFieldValue('team_id', id ?? '')}
                error={form.errors.team_id}
              />
              <RoleSelect roles={TEAM_ROLES} label={words.roleInTeam} {...form.getInputProps('team_role')} />
            </>
          ) : (
            <RoleSelect roles={ORGANIZATION_ROLES} label={words.roleInOrganization} {...form.getInputProps('role')} />
          )}
          <Text fz="xs" c="dimmed">
            {words.roleMeans}
          </Text>
        </>
      )}
    </CreateForm>
  );
}

/** A role that a group shall no longer give. */
export interface TakenRole {
  readonly mappingId: string;
  readonly role: string;
  readonly group: string;
}

interface TakeProps {
  readonly taken: TakenRole | null;
  readonly organizationId: string;
  readonly onClose: () => void;
}

export function TakeRoleDialog({ taken, organizationId, onClose }: TakeProps) {
  const queryClient = useQueryClient();
  return (
    <ConfirmByName
      opened={taken !== null}
      onClose={onClose}
      title={words.takeRoleOf(taken?.role ?? '', taken?.group ?? '')}
      name={null}
      verb={words.takeRole}
      consequences={[words.takeMeans, words.takeKeeps]}
      action={async () => {
        if (taken === null) return;
        await removeMapping(organizationId, taken.mappingId);
        saved(words.roleTaken(taken.group));
        await queryClient.invalidateQueries({ queryKey: ['directory-groups'] });
        await queryClient.invalidateQueries({ queryKey: ['directory'] });
        await queryClient.invalidateQueries({ queryKey: ['group-mappings'] });
      }}
    />
  );
}
