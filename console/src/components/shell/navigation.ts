import {
  IconBell,
  IconBuilding,
  IconChartBar,
  IconCode,
  IconCpu,
  IconGauge,
  IconKey,
  IconListDetails,
  IconListSearch,
  IconLock,
  IconMessages,
  type IconProps,
  IconReportSearch,
  IconRoute,
  IconSettings,
  IconShieldCheck,
  IconTags,
  IconTemplate,
  IconUserQuestion,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Schema } from '../../api/client.ts';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

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
  { heading: '', entries: [{ label: words.overview, to: PATHS.overview, icon: IconGauge, needs: [] }] },
  {
    heading: words.access,
    entries: [
      { label: words.organizations, to: PATHS.organizations, icon: IconBuilding, needs: ['organization.read'] },
      { label: words.teams, to: PATHS.teams, icon: IconUsersGroup, needs: ['teams.read'] },
      { label: words.peopleAndAccess, to: PATHS.people, icon: IconUsers, needs: ['platform.read', 'members.manage'] },
      { label: words.apiKeys, to: PATHS.keys, icon: IconKey, needs: ['teams.read', 'keys.manage_own'] },
      { label: words.accessExplorer, to: PATHS.accessExplorer, icon: IconUserQuestion, needs: ['teams.read'] },
    ],
  },
  {
    heading: words.gateway,
    entries: [
      { label: words.callableModels, to: PATHS.callableModels, icon: IconCode, needs: ['teams.read'] },
      { label: words.models, to: PATHS.models, icon: IconCpu, needs: ['platform.read'] },
      { label: words.knownModels, to: PATHS.knownModels, icon: IconListSearch, needs: ['platform.read'] },
      { label: words.credentials, to: PATHS.credentials, icon: IconLock, needs: ['platform.read'] },
      { label: words.presets, to: PATHS.presets, icon: IconTemplate, needs: ['platform.read'] },
      { label: words.routeGroups, to: PATHS.routeGroups, icon: IconRoute, needs: ['platform.read'] },
      { label: words.accessGroups, to: PATHS.accessGroups, icon: IconTags, needs: ['platform.read'] },
      { label: words.playground, to: PATHS.playground, icon: IconMessages, needs: ['keys.manage', 'keys.manage_own'] },
    ],
  },
  {
    heading: words.operations,
    entries: [
      { label: words.usageAndSpend, to: PATHS.usage, icon: IconChartBar, needs: ['usage.read'] },
      { label: words.requests, to: PATHS.requests, icon: IconListDetails, needs: ['usage.read'] },
      { label: words.alerts, to: PATHS.alerts, icon: IconBell, needs: ['usage.read'] },
      { label: words.auditLog, to: PATHS.audit, icon: IconReportSearch, needs: ['audit.read'] },
      { label: words.security, to: PATHS.security, icon: IconShieldCheck, needs: ['audit.read'] },
      { label: words.settings, to: PATHS.settings, icon: IconSettings, needs: ['platform.read', 'admin_tokens.manage'] },
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
