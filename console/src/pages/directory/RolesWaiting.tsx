import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { directoryQuery } from '../../api/directory.ts';
import type { Organization } from '../../api/organizations.ts';
import { words } from './words.ts';

/** The pause between two looks whether the roles are there. */
const LOOK_EVERY_MS = 5_000;

/** Says that roles of people are still being worked out after a change of groups or mappings. Empty when all have theirs. */
export function RolesWaiting({ organization }: { organization: Organization }) {
  const { data } = useQuery({
    ...directoryQuery(organization.id),
    refetchInterval: ({ state }) => ((state.data?.waiting ?? 0) > 0 ? LOOK_EVERY_MS : false),
  });
  if (data === undefined || data.waiting === 0) return null;
  return (
    <Alert color="gray" role="status" py="xs" mb="md" maw={760}>
      {words.rolesComing(data.waiting)}
    </Alert>
  );
}
