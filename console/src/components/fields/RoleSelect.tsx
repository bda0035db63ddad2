import { Group, Select, type SelectProps, Stack, Text, Tooltip } from '@mantine/core';
import type { Schema } from '../../api/client.ts';

type Role = Schema<'Member'>['role'] | Schema<'TeamMember'>['role'] | 'platform_admin' | 'platform_auditor';

const ROLES: Readonly<Record<Role, { readonly word: string; readonly may: string }>> = {
  platform_admin: { word: 'Platform admin', may: 'Can do everything, in every organization.' },
  platform_auditor: { word: 'Platform auditor', may: 'Reads everything except content. Changes nothing.' },
  org_owner: { word: 'Owner', may: 'Manages the organization: people, teams, keys and audit policy.' },
  org_admin: { word: 'Admin', may: 'Manages people, teams, service accounts and keys of the organization.' },
  org_billing: { word: 'Billing', may: 'Reads the organization, its spend and its requests.' },
  org_auditor: { word: 'Auditor', may: 'Reads everything of the organization, including content and the audit log.' },
  org_member: { word: 'Member', may: 'Reads the organization. Other rights come from roles in teams.' },
  team_admin: { word: 'Team admin', may: 'Manages members and keys of the team, and can narrow its access.' },
  team_developer: { word: 'Developer', may: 'Creates own keys within the team’s self-service policy.' },
  team_viewer: { word: 'Viewer', may: 'Reads the team.' },
};

export const ORGANIZATION_ROLES = ['org_owner', 'org_admin', 'org_billing', 'org_auditor', 'org_member'] as const;
export const TEAM_ROLES = ['team_admin', 'team_developer', 'team_viewer'] as const;
export const PLATFORM_ROLES = ['platform_admin', 'platform_auditor'] as const;

/** Returns what a role permits, in a sentence. */
export function roleRights(role: string): string {
  return ROLES[role as Role]?.may ?? role;
}

export function roleWord(role: string): string {
  return ROLES[role as Role]?.word ?? role;
}

/** The name of a role, with what it permits on hover. */
export function RoleName({ role }: { role: string }) {
  return (
    <Tooltip label={roleRights(role)}>
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
              {roleRights(option.value)}
            </Text>
          </Stack>
        </Group>
      )}
      {...rest}
    />
  );
}
