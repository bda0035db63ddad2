import { Anchor, Stack, Text } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { Section } from './Section.tsx';
import { words } from './words.ts';

/** Lists the person's roles, which only others can change, and the organizations where somebody disabled them. */
export function PlacesSection() {
  const { platform_role, memberships, disabled_in: disabled } = useSession();
  return (
    <Section title={words.roles} about={words.rolesMean}>
      <Stack gap={4}>
        {platform_role !== null && <Text fz="sm">{words.platformRole(roleWord(platform_role).toLowerCase())}</Text>}
        {memberships.map(({ organization_id, organization_name, role, teams }) => (
          <Text key={organization_id} fz="sm">
            <Anchor component={PageLink} at={links.organization(organization_id)} inherit underline="always">
              <bdi>{organization_name}</bdi>
            </Anchor>
            : {roleWord(role).toLowerCase()}
            {teams.map((team) => (
              <span key={team.team_id}>
                {words.roleIn(roleWord(team.role).toLowerCase())}{' '}
                <Anchor component={PageLink} at={links.team(team.team_id)} inherit underline="always">
                  <bdi>{team.team_name}</bdi>
                </Anchor>
              </span>
            ))}
          </Text>
        ))}
        {disabled.map(({ organization_id, organization_name }) => (
          <Text key={organization_id} fz="sm">
            <bdi>{organization_name}</bdi>: {words.youAreDisabled}
          </Text>
        ))}
        {platform_role === null && memberships.length === 0 && disabled.length === 0 && (
          <Text fz="sm" c="dimmed">
            {words.noRolesYet}
          </Text>
        )}
      </Stack>
    </Section>
  );
}
