import {
  IconBell,
  IconBuilding,
  IconChartBar,
  IconCode,
  IconCpu,
  IconGauge,
  IconKey,
  IconListDetails,
  IconLock,
  IconMessages,
  type IconProps,
  IconReportSearch,
  IconRoute,
  IconSettings,
  IconShieldCheck,
  IconTags,
  IconUserQuestion,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Schema } from '../../api/client.ts';
import { PATHS } from '../../paths.ts';

type Session = Schema<'Session'>;
type Permission = Session['capabilities_anywhere'][number];

export interface Entry {
  readonly label: string;
  readonly to: string;
  readonly icon: ComponentType<IconProps>;
}

interface Section {
  readonly heading: string;
  readonly entries: readonly Entry[];
}

/**
 * An entry with the permissions that show it: one of them, held anywhere, is enough. Others do not see the page in their
 * navigation.
 */
interface Offered extends Entry {
  readonly needs: readonly Permission[];
}

const SECTIONS: readonly { readonly heading: string; readonly entries: readonly Offered[] }[] = [
  { heading: '', entries: [{ label: 'Overview', to: PATHS.overview, icon: IconGauge, needs: [] }] },
  {
    heading: 'Access',
    entries: [
      { label: 'Organizations', to: PATHS.organizations, icon: IconBuilding, needs: ['organization.read'] },
      { label: 'Teams', to: PATHS.teams, icon: IconUsersGroup, needs: ['teams.read'] },
      { label: 'People & Access', to: PATHS.people, icon: IconUsers, needs: ['platform.read', 'members.manage'] },
      { label: 'API keys', to: PATHS.keys, icon: IconKey, needs: ['teams.read', 'keys.manage_own'] },
      { label: 'Access explorer', to: PATHS.accessExplorer, icon: IconUserQuestion, needs: ['teams.read'] },
    ],
  },
  {
    heading: 'Gateway',
    entries: [
      { label: 'Callable models', to: PATHS.callableModels, icon: IconCode, needs: ['teams.read'] },
      { label: 'Models', to: PATHS.models, icon: IconCpu, needs: ['platform.read'] },
      { label: 'Credentials', to: PATHS.credentials, icon: IconLock, needs: ['platform.read'] },
      { label: 'Route groups', to: PATHS.routeGroups, icon: IconRoute, needs: ['platform.read'] },
      { label: 'Access groups', to: PATHS.accessGroups, icon: IconTags, needs: ['platform.read'] },
      { label: 'Playground', to: PATHS.playground, icon: IconMessages, needs: ['keys.manage', 'keys.manage_own'] },
    ],
  },
  {
    heading: 'Operations',
    entries: [
      { label: 'Usage & spend', to: PATHS.usage, icon: IconChartBar, needs: ['usage.read'] },
      { label: 'Requests', to: PATHS.requests, icon: IconListDetails, needs: ['usage.read'] },
      { label: 'Alerts', to: PATHS.alerts, icon: IconBell, needs: ['usage.read'] },
      { label: 'Audit log', to: PATHS.audit, icon: IconReportSearch, needs: ['audit.read'] },
      { label: 'Security', to: PATHS.security, icon: IconShieldCheck, needs: ['audit.read'] },
      { label: 'Settings', to: PATHS.settings, icon: IconSettings, needs: ['platform.read', 'admin_tokens.manage'] },
    ],
  },
];

/** Returns the navigation of one person. Sections without an entry are left out. */
export function navigationFor(session: Pick<Session, 'capabilities_anywhere'>): readonly Section[] {
  const held = new Set<Permission>(session.capabilities_anywhere);
  return SECTIONS.map(({ heading, entries }) => ({
    heading,
    entries: entries.filter(({ needs }) => needs.length === 0 || needs.some((permission) => held.has(permission))),
  })).filter(({ entries }) => entries.length > 0);
}
