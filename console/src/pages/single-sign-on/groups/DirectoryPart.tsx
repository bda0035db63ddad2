import { Button, Group, Text } from '@mantine/core';
import { IconAddressBook } from '@tabler/icons-react';
import type { Organization } from '../../../api/organizations.ts';
import { PageLink } from '../../../components/PageLink.tsx';
import { links } from '../../../links.ts';
import { GroupsSection } from '../../directory/GroupsSection.tsx';
import { words } from '../words.ts';

/** The groups of the SCIM directory with the roles that they give, and the way to the rest of the directory. */
export function DirectoryPart({ organization }: { organization: Organization }) {
  return (
    <>
      <Group justify="space-between" align="start" gap="sm" mb="md">
        <Text fz="sm" c="dimmed" maw={640}>
          {words.scimMeans}
        </Text>
        <Button
          component={PageLink}
          at={links.directory(organization.id)}
          variant="default"
          leftSection={<IconAddressBook size={16} />}
        >
          {words.openDirectory}
        </Button>
      </Group>
      <GroupsSection organization={organization} />
    </>
  );
}
