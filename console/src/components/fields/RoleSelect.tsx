import { Group, Select, type SelectProps, Stack, Text, Tooltip } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { RolesLink } from './RolesLink.tsx';
import { words } from './words.ts';

type Role = Schema<'Member'>['role'] | Schema<'TeamMember'>['role'] | 'platform_admin' | 'platform_auditor';

const ROLES: Readonly<Record<Role, { readonly word: string; readonly may: string }>> = {
  platform_admin: { word: words.platformAdmin, may: words.platformAdminCan },
  platform_auditor: { word: words.platformAuditor, may: words.platformAuditorCan },
  org_owner: { word: words.owner, may: words.ownerCan },
  org_admin: { word: words.admin, may: words.adminCan },
  org_billing: { word: words.billing, may: words.billingCan },
  org_auditor: { word: words.auditor, may: words.auditorCan },
  org_member: { word: words.member, may: words.memberCan },
  team_admin: { word: words.teamAdmin, may: words.teamAdminCan },
  team_developer: { word: words.developer, may: words.developerCan },
  team_viewer: { word: words.viewer, may: words.viewerCan },
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

type RoleSelectProps = Omit<SelectProps, 'data'> & {
  readonly roles: readonly Role[];
  /** The roles that cannot be chosen, each with the reason. */
  readonly refused?: Readonly<Partial<Record<Role, string>>>;
};

/** Chooses a role. Each option says what the role permits, or why it cannot be chosen. */
export function RoleSelect({ roles, refused = {}, ...rest }: RoleSelectProps) {
  return (
    <Select
      label={words.role}
      allowDeselect={false}
      comboboxProps={{ width: 320, position: 'bottom-start' }}
      // Below a select of one dialog, and not in each row of a list.
      inputContainer={(input) =>
        rest['aria-label'] === undefined ? (
          <>
            {input}
            <RolesLink display="block" mt={4} />
          </>
        ) : (
          input
        )
      }
      data={roles.map((role) => ({ value: role, label: roleWord(role), disabled: refused[role] !== undefined }))}
      renderOption={({ option, checked }) => (
        <Group gap="xs" wrap="nowrap">
          <Stack gap={0}>
            <Text fz="sm" fw={checked === true ? 600 : 400}>
              {option.label}
            </Text>
            <Text fz="xs" c="dimmed">
              {refused[option.value as Role] ?? roleRights(option.value)}
            </Text>
          </Stack>
        </Group>
      )}
      {...rest}
    />
  );
}
