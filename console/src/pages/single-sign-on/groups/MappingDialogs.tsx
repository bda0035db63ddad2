import { Input, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { api, asked } from '../../../api/client.ts';
import { type GroupMapping, groupOf, type IdentityProvider, removeMapping } from '../../../api/identity.ts';
import type { Organization } from '../../../api/organizations.ts';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { CreateDialog } from '../../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { ObjectSelect } from '../../../components/fields/ObjectSelect.tsx';
import { ORGANIZATION_ROLES, RoleSelect, TEAM_ROLES } from '../../../components/fields/RoleSelect.tsx';
import { useIsPhone } from '../../../components/list/useIsPhone.ts';
import { words } from '../words.ts';
import { refusedRoles } from './refused-roles.ts';

interface MappingDraft {
  readonly source: string;
  readonly value: string;
  readonly gives: 'organization' | 'team';
  readonly role: (typeof ORGANIZATION_ROLES)[number];
  readonly team_id: string;
  readonly team_role: (typeof TEAM_ROLES)[number];
}

interface CreateMappingProps {
  readonly opened: boolean;
  readonly organization: Organization;
  readonly providers: readonly IdentityProvider[];
  readonly onClose: () => void;
}

/** Maps a group to a role of the organization, or to a role in one of its teams. */
export function CreateMappingDialog({ opened, organization, providers, onClose }: CreateMappingProps) {
  return (
    <CreateDialog<MappingDraft, GroupMapping>
      opened={opened}
      onClose={onClose}
      title={words.addMapping}
      size="md"
      initial={{
        source: providers[0]?.id ?? '',
        value: '',
        gives: 'team',
        role: 'org_member',
        team_id: '',
        team_role: 'team_developer',
      }}
      validate={{
        value: (value: string) => (value.trim() === '' ? words.enterGroup : null),
        team_id: (id: string, { gives }: MappingDraft) => (gives === 'team' && id === '' ? words.chooseTeam : null),
      }}
      verb={words.addMapping}
      invalidates={['group-mappings']}
      save={({ source, value, gives, role, team_id, team_role }, header) =>
        asked(
          api.POST('/organizations/{id}/group-mappings', {
            params: { path: { id: organization.id }, header },
            body: { source, value, ...(gives === 'organization' ? { role } : { team_id, team_role }) },
          }),
        )
      }
      onSaved={({ value }) => saved(words.mappingAdded(value))}
    >
      {(form) => <MappingFields form={form} organization={organization} providers={providers} />}
    </CreateDialog>
  );
}

interface FieldsProps extends Pick<CreateMappingProps, 'organization' | 'providers'> {
  readonly form: UseFormReturnType<MappingDraft>;
}

function MappingFields({ form, organization, providers }: FieldsProps) {
  const { gives, source, team_id } = form.values;
  const provider = providers.find(({ id }) => id === source);
  const refused = refusedRoles(organization);
  const isPhone = useIsPhone();
  return (
    <>
      <Select
        label={words.from}
        allowDeselect={false}
        data={providers.map(({ id, name }) => ({ value: id, label: name }))}
        {...form.getInputProps('source')}
      />
      {provider?.groups_claim === null && (
        <Text fz="sm" role="status">
          {words.providerReadsNoGroups(provider.name)}
        </Text>
      )}
      <TextInput
        data-autofocus
        label={words.group}
        description={words.groupMeans}
        maxLength={500}
        spellCheck={false}
        {...form.getInputProps('value')}
      />
      <Stack gap={4}>
        <Input.Label labelElement="div" id="mapping-gives">
          {words.gives}
        </Input.Label>
        <SegmentedControl
          aria-labelledby="mapping-gives"
          orientation={isPhone ? 'vertical' : 'horizontal'}
          data={[
            { value: 'team', label: words.teamRole },
            { value: 'organization', label: words.organizationRole },
          ]}
          {...form.getInputProps('gives')}
        />
      </Stack>
      {gives === 'team' ? (
        <>
          <ObjectSelect
            kind="team"
            label={words.team}
            organizationId={organization.id}
            value={team_id === '' ? undefined : team_id}
            onChange={(id) => form.setFieldValue('team_id', id ?? '')}
            error={form.errors.team_id}
          />
          <RoleSelect roles={TEAM_ROLES} label={words.roleInTeam} {...form.getInputProps('team_role')} />
        </>
      ) : (
        <RoleSelect
          roles={ORGANIZATION_ROLES}
          refused={refused}
          label={words.roleInOrganization}
          {...form.getInputProps('role')}
        />
      )}
      <Text fz="xs" c="dimmed">
        {words.platformRolesNever}
      </Text>
    </>
  );
}

interface RemoveMappingProps {
  readonly row: GroupMapping | null;
  readonly organizationId: string;
  readonly onClose: () => void;
}

export function RemoveMappingDialog({ row, organizationId, onClose }: RemoveMappingProps) {
  const queryClient = useQueryClient();
  const group = row === null ? '' : groupOf(row);
  return (
    <ConfirmByName
      opened={row !== null}
      onClose={onClose}
      title={words.removeMappingOf(group)}
      name={null}
      verb={words.removeMapping}
      consequences={[
        row?.source === 'scim' ? words.removedDirectoryMappingTakes : words.removedMappingTakes,
        words.removedMappingKeeps,
      ]}
      action={async () => {
        if (row === null) return;
        await removeMapping(organizationId, row.id);
        saved(words.mappingRemoved(group));
        await queryClient.invalidateQueries({ queryKey: ['group-mappings'] });
      }}
    />
  );
}
