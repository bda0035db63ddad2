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
import { words } from './words.ts';

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
    label: words.createOrganization,
    icon: IconBuildingPlus,
    needs: ['organizations.create'],
    does: { is: 'go', to: PATHS.organizations, search: { create: 'organization' } },
  },
  {
    label: words.createTeam,
    icon: IconUsersPlus,
    needs: ['teams.manage'],
    does: { is: 'go', to: PATHS.teams, search: { new: 'team' } },
  },
  {
    label: words.createKey,
    icon: IconKey,
    needs: ['keys.manage', 'keys.manage_own'],
    does: { is: 'go', to: PATHS.keys, search: { new: 'key' } },
  },
  {
    label: words.addPerson,
    icon: IconUserPlus,
    needs: ['members.manage', 'accounts.manage'],
    does: { is: 'go', to: PATHS.people, search: { new: 'person' } },
  },
  {
    label: words.createAdminToken,
    icon: IconShieldLock,
    needs: ['admin_tokens.manage'],
    does: { is: 'go', to: PATHS.settings, search: { tab: 'tokens', new: '1' } },
  },
  {
    label: words.setUpStepByStep,
    icon: IconRocket,
    needs: ['catalogue.manage'],
    does: { is: 'go', to: PATHS.start, search: {} },
  },
  {
    label: words.monthlyStatements,
    icon: IconFileInvoice,
    needs: ['usage.read'],
    does: { is: 'go', to: PATHS.usage, search: {} },
  },
  { label: words.profileAndSecurity, icon: IconUserCircle, needs: [], does: { is: 'go', to: PATHS.profile, search: {} } },
  { label: words.switchTheme, icon: IconMoonStars, needs: [], does: { is: 'theme' } },
  { label: words.signOut, icon: IconLogout, needs: [], does: { is: 'sign_out' } },
];

/** Returns the commands that this person may use in at least one place. */
export function commandsFor(session: Session): readonly Command[] {
  const held = new Set<Permission>(session.capabilities_anywhere);
  return COMMANDS.filter(({ needs }) => needs.length === 0 || needs.some((permission) => held.has(permission)));
}
