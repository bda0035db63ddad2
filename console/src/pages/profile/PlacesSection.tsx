import { Anchor, Stack, Text } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { Section } from './Section.tsx';

/** Lists the person's roles, which only others can change. */
export function PlacesSection() {
  const { platform_role, memberships } = useSession();
  return (
    <Section title="Roles" about="Your role in each place. Owners, admins and platform admins give roles.">
      <Stack gap={4}>
        {platform_role !== null && <Text fz="sm">This gateway: {roleWord(platform_role).toLowerCase()}</Text>}
        {memberships.map(({ organization_id, organization_name, role, teams }) => (
          <Text key={organization_id} fz="sm">
            <Anchor component={PageLink} at={links.organization(organization_id)} inherit underline="always">
              <bdi>{organization_name}</bdi>
            </Anchor>
            : {roleWord(role).toLowerCase()}
            {teams.map((team) => (
              <span key={team.team_id}>
                {', '}
                {roleWord(team.role).toLowerCase()} in{' '}
                <Anchor component={PageLink} at={links.team(team.team_id)} inherit underline="always">
                  <bdi>{team.team_name}</bdi>
                </Anchor>
              </span>
            ))}
          </Text>
        ))}
        {platform_role === null && memberships.length === 0 && (
          <Text fz="sm" c="dimmed">
            None yet. Ask an owner of your organization for an invitation.
          </Text>
        )}
      </Stack>
    </Section>
  );
}
