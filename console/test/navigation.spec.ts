/** The navigation as data: each entry is told from every other by its icon too. */
import { expect, test } from '@playwright/test';
import type { Schema } from '../src/api/client.ts';
import { navigationFor } from '../src/components/shell/navigation.ts';

const EVERYTHING: Schema<'Session'>['capabilities_anywhere'] = [
  'organization.read',
  'teams.read',
  'platform.read',
  'members.manage',
  'keys.manage',
  'keys.manage_own',
  'usage.read',
  'audit.read',
  'admin_tokens.manage',
];

test('no two entries of the navigation have one icon, or one address', () => {
  const entries = navigationFor({ capabilities_anywhere: EVERYTHING }).flatMap((section) => section.entries);
  expect(entries.length).toBeGreaterThan(15);
  expect(new Set(entries.map(({ icon }) => icon)).size).toBe(entries.length);
  expect(new Set(entries.map(({ to }) => to)).size).toBe(entries.length);
});
