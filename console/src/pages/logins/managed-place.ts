import type { Schema } from '../../api/client.ts';

/** The place of managed settings: an organization, or a team in it. */
export interface SettingsPlace {
  readonly is: 'organizations' | 'teams';
  readonly id: string;
  readonly organizationId: string;
}

/** The settings that are stored, with their version. `settings` null: there are none. */
export interface StoredSettings {
  readonly data: Schema<'ManagedSettings'>;
  readonly etag: string | null;
}
