import { Box, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { type Organization, organizationQuery } from '../../api/organizations.ts';
import { Asked } from '../../components/Asked.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { Page } from '../../components/shell/Page.tsx';
import { PATHS } from '../../paths.ts';
import { ConnectionSection } from './ConnectionSection.tsx';
import { GroupsSection } from './GroupsSection.tsx';
import { PeopleSection } from './PeopleSection.tsx';
import { RefusedSection } from './RefusedSection.tsx';
import { words } from './words.ts';

interface Part {
  readonly value: string;
  readonly label: string;
  readonly content: ComponentType<{ organization: Organization }>;
}

/** The parts in the order in which somebody sets a directory up. */
const PARTS: readonly Part[] = [
  { value: 'connection', label: words.connection, content: ConnectionSection },
  { value: 'people', label: words.people, content: PeopleSection },
  { value: 'groups', label: words.groups, content: GroupsSection },
  { value: 'refused', label: words.refused, content: RefusedSection },
];

/** The SCIM directory of one organization. */
export function DirectoryPage() {
  const { organizationId = '' } = useParams({ strict: false }) as { organizationId?: string };
  const query = useQuery(organizationQuery(organizationId));
  return (
    <Asked shape="page" query={query}>
      {(organization) => (
        <Page
          title={words.directory}
          crumbs={[
            { label: words.organizations, to: PATHS.organizations },
            { label: organization.name, to: PATHS.organization.replace('$organizationId', organization.id) },
          ]}
          about={words.directoryMeans}
        >
          <DirectoryParts key={organization.id} organization={organization} />
        </Page>
      )}
    </Asked>
  );
}

/** The parts of the directory. The open one is in the address. */
function DirectoryParts({ organization }: { organization: Organization }) {
  const [value, open] = useTab(PARTS, [], 'part');
  const { content: Content } = PARTS.find((one) => one.value === value) ?? (PARTS[0] as Part);
  return (
    <>
      <Box mb="lg" style={{ overflowX: 'auto' }}>
        <SegmentedControl
          aria-label={words.parts}
          value={value}
          onChange={open}
          data={PARTS.map(({ value, label }) => ({ value, label }))}
        />
      </Box>
      <Content key={value} organization={organization} />
    </>
  );
}
