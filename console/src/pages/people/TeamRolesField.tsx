import { ActionIcon, Group, Stack, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useName } from '../../api/names.ts';
import { ObjectSelect } from '../../components/fields/ObjectSelect.tsx';
import { RoleSelect, TEAM_ROLES } from '../../components/fields/RoleSelect.tsx';
import { words } from './words.ts';

export interface TeamRoleDraft {
  readonly team_id: string;
  readonly role: (typeof TEAM_ROLES)[number];
}

interface TeamRolesFieldProps {
  readonly organizationId: string;
  readonly value: readonly TeamRoleDraft[];
  readonly onChange: (value: readonly TeamRoleDraft[]) => void;
  readonly error?: ReactNode;
}

/** Chooses the teams that a person joins at once, each with a role. */
export function TeamRolesField({ organizationId, value, onChange, error }: TeamRolesFieldProps) {
  const add = (id: string | undefined) => {
    if (id !== undefined && !value.some(({ team_id }) => team_id === id))
      onChange([...value, { team_id: id, role: 'team_developer' }]);
  };
  return (
    <Stack gap="xs">
      {value.map((one) => (
        <TeamRow
          key={one.team_id}
          of={one}
          onRole={(role) => onChange(value.map((other) => (other === one ? { ...one, role } : other)))}
          onRemove={() => onChange(value.filter((other) => other !== one))}
        />
      ))}
      <ObjectSelect
        key={value.length}
        kind="team"
        label={value.length === 0 ? words.teams : words.anotherTeam}
        placeholder={words.addATeam}
        value={undefined}
        onChange={add}
        organizationId={organizationId}
        error={error}
      />
    </Stack>
  );
}

interface TeamRowProps {
  readonly of: TeamRoleDraft;
  readonly onRole: (role: TeamRoleDraft['role']) => void;
  readonly onRemove: () => void;
}

function TeamRow({ of: { team_id, role }, onRole, onRemove }: TeamRowProps) {
  const name = useName(team_id) ?? team_id;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text fz="sm" flex={1} truncate>
        <bdi>{name}</bdi>
      </Text>
      <RoleSelect
        roles={TEAM_ROLES}
        label=""
        aria-label={words.roleIn(name)}
        w={150}
        value={role}
        onChange={(next) => next !== null && onRole(next as TeamRoleDraft['role'])}
      />
      <ActionIcon variant="subtle" color="gray" aria-label={words.notIn(name)} onClick={onRemove}>
        <IconX size={16} />
      </ActionIcon>
    </Group>
  );
}
