import { Group, Select, type SelectProps, Stack, Text, Tooltip } from '@mantine/core';
import type { Schema } from '../../api/client.ts';

type Role = Schema<'Member'>['role'] | Schema<'TeamMember'>['role'] | 'platform_admin' | 'platform_auditor';

const ROLES: Readonly<Record<Role, { readonly word: string; readonly may: string }>> = {
  platform_admin: { word: 'Platform admin', may: 'Everything, in every organization.' },
  platform_auditor: { word: 'Platform auditor', may: 'Reads everything but content; changes nothing.' },
  org_owner: { word: 'Owner', may: 'Runs the organization: people, teams, keys, audit policy.' },
  org_admin: { word: 'Admin', may: 'People, teams, service accounts and keys of the organization.' },
  org_billing: { word: 'Billing', may: 'Reads the organization, its spend and its requests.' },
  org_auditor: { word: 'Auditor', may: 'Reads everything of the organization, content and audit log too.' },
  org_member: { word: 'Member', may: 'Reads the organization; the rest comes from teams.' },
  team_admin: { word: 'Team admin', may: 'Members and keys of the team; may narrow its access.' },
  team_developer: { word: 'Developer', may: 'Keys of their own within the team’s self-service.' },
  team_viewer: { word: 'Viewer', may: 'Reads the team.' },
};

export const ORGANIZATION_ROLES = ['org_owner', 'org_admin', 'org_billing', 'org_auditor', 'org_member'] as const;
export const TEAM_ROLES = ['team_admin', 'team_developer', 'team_viewer'] as const;
export const PLATFORM_ROLES = ['platform_admin', 'platform_auditor'] as const;

export function roleWord(role: string): string {
  return ROLES[role as Role]?.word ?? role;
}

/** The name of a role, with what it permits on hover. */
export function RoleName({ role }: { role: string }) {
  return (
    <Tooltip label={ROLES[role as Role]?.may ?? role}>
      <Text component="span" inherit className="nowrap">
        {roleWord(role)}
      </Text>
    </Tooltip>
  );
}

/** Chooses a role. Each option says what the role permits. */
export function RoleSelect({ roles, ...rest }: Omit<SelectProps, 'data'> & { readonly roles: readonly Role[] }) {
  return (
    <Select
      label="Role"
      allowDeselect={false}
      comboboxProps={{ width: 320, position: 'bottom-start' }}
      data={roles.map((role) => ({ value: role, label: roleWord(role) }))}
      renderOption={({ option, checked }) => (
        <Group gap="xs" wrap="nowrap">
          <Stack gap={0}>
            <Text fz="sm" fw={checked === true ? 600 : 400}>
              {option.label}
            </Text>
            <Text fz="xs" c="dimmed">
              {ROLES[option.value as Role].may}
            </Text>
          </Stack>
        </Group>
      )}
      {...rest}
    />
  );
}
