import {
  IconBuildingPlus,
  IconFileInvoice,
  IconKey,
  IconLogout,
  IconMoonStars,
  type IconProps,
  IconRocket,
  IconShieldLock,
  IconUserCircle,
  IconUserPlus,
  IconUsersPlus,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Permission, Session } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';

/** An action that can be started from any page. */
export interface Command {
  readonly label: string;
  readonly icon: ComponentType<IconProps>;
  readonly does:
    | { readonly is: 'go'; readonly to: string; readonly search: Readonly<Record<string, string>> }
    | { readonly is: 'theme' | 'sign_out' };
}

const COMMANDS: readonly (Command & { readonly needs: readonly Permission[] })[] = [
  {
    label: 'Create organization',
    icon: IconBuildingPlus,
    needs: ['organizations.create'],
    does: { is: 'go', to: PATHS.organizations, search: { create: 'organization' } },
  },
  {
    label: 'Create team',
    icon: IconUsersPlus,
    needs: ['teams.manage'],
    does: { is: 'go', to: PATHS.teams, search: { new: 'team' } },
  },
  {
    label: 'Create key',
    icon: IconKey,
    needs: ['keys.manage', 'keys.manage_own'],
    does: { is: 'go', to: PATHS.keys, search: { new: 'key' } },
  },
  {
    label: 'Add person',
    icon: IconUserPlus,
    needs: ['members.manage', 'accounts.manage'],
    does: { is: 'go', to: PATHS.people, search: { new: 'person' } },
  },
  {
    label: 'Create admin token',
    icon: IconShieldLock,
    needs: ['admin_tokens.manage'],
    does: { is: 'go', to: PATHS.settings, search: { tab: 'tokens', new: '1' } },
  },
  {
    label: 'Set up the gateway step by step',
    icon: IconRocket,
    needs: ['catalogue.manage'],
    does: { is: 'go', to: PATHS.start, search: {} },
  },
  {
    label: 'Monthly statements',
    icon: IconFileInvoice,
    needs: ['usage.read'],
    does: { is: 'go', to: PATHS.usage, search: {} },
  },
  { label: 'Profile and security', icon: IconUserCircle, needs: [], does: { is: 'go', to: PATHS.profile, search: {} } },
  { label: 'Change between light and dark theme', icon: IconMoonStars, needs: [], does: { is: 'theme' } },
  { label: 'Sign out', icon: IconLogout, needs: [], does: { is: 'sign_out' } },
];

/** Returns the commands that this person may use in at least one place. */
export function commandsFor(session: Session): readonly Command[] {
  const held = new Set<Permission>(session.capabilities_anywhere);
  return COMMANDS.filter(({ needs }) => needs.length === 0 || needs.some((permission) => held.has(permission)));
}
