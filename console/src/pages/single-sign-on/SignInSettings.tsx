import { Box, SegmentedControl, Select } from '@mantine/core';
import type { ComponentType } from 'react';
import type { Organization } from '../../api/organizations.ts';
import type { Permission } from '../../api/session.tsx';
import { useTab } from '../../components/fields/useTab.ts';
import { useIsPhone } from '../../components/list/useIsPhone.ts';
import { DomainsSection } from './domains/DomainsSection.tsx';
import { DirectoryPart } from './groups/DirectoryPart.tsx';
import { MappingsSection } from './groups/MappingsSection.tsx';
import { LinksSection } from './people/LinksSection.tsx';
import { PolicySection } from './policy/PolicySection.tsx';
import { ProvidersSection } from './providers/ProvidersSection.tsx';
import { words } from './words.ts';

interface Part {
  readonly value: string;
  readonly label: string;
  readonly needs: Permission;
  readonly content: ComponentType<{ organization: Organization }>;
}

/** The parts in the order in which somebody sets single sign-on up. */
const PARTS: readonly Part[] = [
  { value: 'domains', label: words.domains, needs: 'identity.manage', content: DomainsSection },
  { value: 'providers', label: words.identityProviders, needs: 'identity.manage', content: ProvidersSection },
  { value: 'groups', label: words.groupMappings, needs: 'directory.manage', content: MappingsSection },
  { value: 'directory', label: words.scimDirectory, needs: 'directory.manage', content: DirectoryPart },
  { value: 'policy', label: words.policy, needs: 'identity.manage', content: PolicySection },
  { value: 'people', label: words.linkedPeople, needs: 'identity.manage', content: LinksSection },
];

/** Everything about how people sign in to one organization. The open part is in the address. */
export function SignInSettings({ organization }: { organization: Organization }) {
  const isPhone = useIsPhone();
  const parts = PARTS.filter(({ needs }) => organization.capabilities.includes(needs));
  const [open, choose] = useTab(parts, ['tab'], 'part');
  const part = parts.find(({ value }) => value === open);
  if (part === undefined) return null;
  const { content: Content } = part;
  const choices = parts.map(({ value, label }) => ({ value, label }));
  return (
    <>
      <Box mb="lg" hidden={parts.length === 1}>
        {isPhone ? (
          <Select aria-label={words.parts} allowDeselect={false} value={part.value} onChange={choose} data={choices} />
        ) : (
          <SegmentedControl aria-label={words.parts} value={part.value} onChange={choose} data={choices} />
        )}
      </Box>
      <Content key={part.value} organization={organization} />
    </>
  );
}
