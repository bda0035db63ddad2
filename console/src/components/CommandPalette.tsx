import { Spotlight, spotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useSession } from '../api/session.tsx';
import { navigationFor } from './navigation.ts';

export const openCommandPalette = spotlight.open;

/** ⌘K: every page by name. */
export function CommandPalette() {
  const navigate = useNavigate();
  const actions = navigationFor(useSession()).flatMap(({ entries }) =>
    entries.map(({ label, to, icon: Icon }) => ({
      id: to,
      label,
      leftSection: <Icon size={18} />,
      onClick: () => void navigate({ to }),
    })),
  );
  return (
    <Spotlight
      actions={actions}
      shortcut="mod + K"
      nothingFound="Nothing by that name."
      highlightQuery
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: 'Search or jump to…',
        'aria-label': 'Search everything',
      }}
    />
  );
}
