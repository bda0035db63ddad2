import { Alert } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useLocation } from '@tanstack/react-router';
import { type Session, useSession } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

/** Says above every page that the person is disabled in all their organizations. The overview says it in its heading. */
export function DisabledEverywhere() {
  const { platform_role, memberships, disabled_in: disabled } = useSession();
  const { pathname } = useLocation();
  if (platform_role !== null || memberships.length > 0 || disabled.length === 0 || pathname === PATHS.overview) return null;
  return (
    <Alert color="yellow" icon={<IconLock size={18} />} p="xs" mb="md">
      <bdi>{disabledIn(disabled)}</bdi>
    </Alert>
  );
}

/** Returns the sentence that the person is disabled in these organizations, and what to do. */
export function disabledIn(places: Session['disabled_in']): string {
  return words.disabledIn(places.map(({ organization_name }) => organization_name).join(', '));
}
