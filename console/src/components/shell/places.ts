import type { Permission, Session } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

/** A tab of a page that concerns no single object. */
interface Tab {
  readonly value: string;
  readonly label: string;
  /** The permission that shows the tab. */
  readonly needs?: Permission;
  /** True if the permission must be held for the platform. */
  readonly ofPlatform?: boolean;
}

const SETTINGS: readonly Tab[] = [
  { value: 'settings', label: words.currentSettings, needs: 'platform.read' },
  { value: 'health', label: words.processHealth, needs: 'platform.read' },
  { value: 'jobs', label: words.jobs, needs: 'platform.read' },
  { value: 'prices', label: words.prices, needs: 'platform.read' },
  { value: 'retention', label: words.retention },
  { value: 'webhooks', label: words.webhooks, needs: 'webhooks.manage', ofPlatform: true },
  { value: 'tokens', label: words.adminTokens, needs: 'admin_tokens.manage' },
  { value: 'service-accounts', label: words.serviceAccounts, needs: 'admin_tokens.manage', ofPlatform: true },
];

/** Returns the tabs of the settings page that this person may see. */
export function settingsTabs({ platform_capabilities, capabilities_anywhere }: Session): readonly Tab[] {
  return SETTINGS.filter(({ needs, ofPlatform }) => {
    const held: readonly Permission[] = ofPlatform === true ? platform_capabilities : capabilities_anywhere;
    return needs === undefined || held.includes(needs);
  });
}

/** Returns the tabs of pages as places to go to. */
export function tabPlaces(session: Session): readonly { readonly label: string; readonly to: string; readonly tab: string }[] {
  const ofSettings = settingsTabs(session).map(({ value, label }) => ({
    label: words.settingsTab(label),
    to: PATHS.settings,
    tab: value,
  }));
  return [...ofSettings, { label: words.invitations, to: PATHS.people, tab: 'invitations' }];
}
