import { Box, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { type Organization, readOrganization } from '../../api/organizations.ts';
import { Asked } from '../../components/Asked.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { SCOPE } from '../../components/shell/scope.ts';
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
  const query = useQuery({
    queryKey: ['organization', organizationId],
    queryFn: async () => (await readOrganization(organizationId)).data,
  });
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
  const [state, set] = useUrlState();
  const { value, content: Content } = PARTS.find((one) => one.value === state.part) ?? (PARTS[0] as Part);
  // The lists of another part have other filters.
  const open = (part: string) => {
    const names = Object.keys(state).filter((name) => name !== SCOPE);
    const cleared = Object.fromEntries(names.map((name) => [name, undefined]));
    set({ ...cleared, part: part === PARTS[0]?.value ? undefined : part }, 'push');
  };
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
