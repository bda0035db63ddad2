import { CloseButton, Group, Select, Text } from '@mantine/core';
import { useName } from '../../api/names.ts';
import { useSession, useSeveralOrganizations } from '../../api/session.tsx';
import { ObjectSelect } from '../fields/ObjectSelect.tsx';
import { useIsNarrowed, useScope } from './scope.ts';
import { words } from './words.ts';

/** Narrows every page to one organization. Renders nothing for people who reach only one. */
export function OrganizationSwitcher() {
  const [scope] = useScope();
  if (!useSeveralOrganizations()) return null;
  return scope === undefined ? <Choice /> : <ScopeMark />;
}

function Choice() {
  const { platform_capabilities, memberships } = useSession();
  const [, setScope] = useScope();
  if (platform_capabilities.includes('organization.read'))
    return (
      <ObjectSelect
        compact
        kind="organization"
        label={words.scopeOfAllPages}
        placeholder={words.allOrganizations}
        value={undefined}
        onChange={setScope}
      />
    );
  return (
    <Select
      aria-label={words.scopeOfAllPages}
      placeholder={words.allOrganizations}
      data={memberships.map(({ organization_id, organization_name }) => ({ value: organization_id, label: organization_name }))}
      value={null}
      onChange={(id) => setScope(id ?? undefined)}
    />
  );
}

/** The organization that the pages are narrowed to, with a button that leaves it. Renders nothing while they are not. */
export function ScopeMark() {
  const [scope, setScope] = useScope();
  const name = useName(scope);
  const isNarrowed = useIsNarrowed();
  if (scope === undefined) return null;
  return (
    <Group
      role="group"
      aria-label={words.scopeOfAllPages}
      wrap="nowrap"
      justify="space-between"
      gap={4}
      pl="sm"
      pr={4}
      h={36}
      bg="var(--mantine-color-teal-light)"
      c="var(--mantine-color-teal-light-color)"
      style={{ borderRadius: 'var(--mantine-radius-sm)' }}
    >
      <Text fz="sm" truncate title={name ?? scope}>
        {isNarrowed && words.only}
        <Text span inherit fw={600}>
          <bdi>{name ?? scope}</bdi>
        </Text>
        {!isNarrowed && words.notOnThisPage}
      </Text>
      <CloseButton c="inherit" size="sm" aria-label={words.showAllOrganizations} onClick={() => setScope(undefined)} />
    </Group>
  );
}
