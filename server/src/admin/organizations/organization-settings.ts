import { z } from 'zod';
import { CACHE_SCOPES, MIRRORING, RESPONSES_SCOPES } from '../../domain/tenancy/tenancy.ts';
import { END_USERS } from '../../domain/usage/attribution.ts';
import type { Database } from '../../store/database.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { accessCatalogue, grants } from '../access/access-fields.ts';
import { timeZone } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';
import { never } from '../http/schemas.ts';
import { tagFields } from '../limits/tag-fields.ts';
import { organizationFacts } from './organization-view.ts';
import { loadPolicy, policyFields } from './policy.ts';

/** The settings that an organization can have from the start, apart from its names: what templates hold too. */

const RETENTION_DAYS_MAX = 3_650;
const retentionDays = z.int().min(1).max(RETENTION_DAYS_MAX).nullish();

const audit = z.strictObject({
  content: z
    .enum(['off', 'metadata', 'redacted', 'full'])
    .optional()
    .meta({ ...never({ const: 'redacted' }), description: '`redacted` cannot be chosen in this release.' }),
  content_retention_days: retentionDays,
  event_retention_days: retentionDays,
});

export const organizationSettings = {
  time_zone: timeZone.optional(),
  ...policyFields,
  ...tagFields,
  asset_access: grants.nullish(),
  audit: audit.optional(),
  responses_storage: z.enum(['off', 'keep']).optional().meta({
    description:
      '`keep` stores answers of the Responses API for 30 days, sealed under the organization’s content key, unless a request says `"store": false`. `off` (the default) stores none; what was stored is not found while it is off.',
  }),
  responses_scope: z.enum(RESPONSES_SCOPES).optional().meta({
    description:
      'Whose keys find a stored response: the `key` that made it, those of its `team` (the default), or all of the `organization`.',
  }),
  batches: z.enum(['off', 'on']).optional().meta({
    description:
      '`on` (the default) allows files and batches. Their content is stored sealed under the organization’s content key, and ends after at most 30 days. `off` refuses new ones; what was stored is not found while it is off.',
  }),
  files_scope: z.enum(RESPONSES_SCOPES).optional().meta({
    description:
      'Whose keys find a file or a batch: the `key` that made it, those of its `team` (the default), or all of the `organization`.',
  }),
  cache_scope: z
    .enum(['off', ...CACHE_SCOPES])
    .optional()
    .meta({
      description:
        'Whose requests get an answer of the exact cache again: those of the `key` that it was made for, of its `team`, or of the whole `organization`. `off` (the default) keeps no answers. Only names with `cache_seconds` are cached.',
    }),
  mirroring: z.enum(MIRRORING).optional().meta({
    description:
      '`allow` lets copies of requests go to the mirrors that the platform names for models and route groups, which may be at other vendors. The platform pays for them, and nobody gets their answers. `refuse` is the default.',
  }),
  end_users: z.enum(END_USERS).optional().meta({
    description:
      'How the end users and sessions that callers name are stored with requests and usage: `kept` as they are named, `hashed` (the default) as pseudonyms that nobody can read, or `off`, not at all. Rows that are stored already do not change.',
  }),
};
export const settingsBody = z
  .strictObject(organizationSettings)
  .meta({ id: 'OrganizationSettings', description: 'The settings of a new organization. Absent ones have their defaults.' });
export type SettingsBody = z.output<typeof settingsBody>;

/** Throws 400 for the audit mode `redacted`, which this release does not implement. */
export function requireBuilt({ audit }: Pick<SettingsBody, 'audit'>, pointer = ''): void {
  if (audit?.content === 'redacted') {
    throw invalid(`${pointer}/audit/content`, 'must be "off", "metadata" or "full": this release does not support "redacted"');
  }
}

/**
 * Returns the settings of an organization as another one would be created with them: budgets, limits, access, tags, time zone,
 * audit settings, storage of responses and of end users, mirroring, and the exact cache. People, keys, spend and metadata are not settings.
 * Budgets have no ids.
 */
export async function settingsOf(db: Database, row: OrganizationRow): Promise<SettingsBody> {
  const policy = await loadPolicy(db, 'organization', { ...row, organizationId: row.id });
  const facts = organizationFacts(row, policy);
  const { time_zone, rate_limits, model_limits, budgets, asset_access, default_tags, required_tags, audit } = facts;
  return {
    time_zone,
    rate_limits,
    model_limits,
    budgets: budgets.map(withoutId),
    asset_access,
    default_tags,
    required_tags,
    require_end_user: facts.require_end_user,
    label_limits: facts.label_limits.map((limit) => ({ ...limit, budgets: limit.budgets.map(withoutId) })),
    audit,
    responses_storage: facts.responses_storage,
    responses_scope: facts.responses_scope,
    batches: facts.batches,
    files_scope: facts.files_scope,
    cache_scope: facts.cache_scope,
    mirroring: facts.mirroring,
    end_users: facts.end_users,
  };
}

function withoutId<B extends { readonly id?: string | undefined }>({ id: _, ...budget }: B): Omit<B, 'id'> {
  return budget;
}

/** Returns the settings without grants of targets that are gone: a later model of that name must not be granted by them. */
export async function withLivingTargets(db: Database, settings: SettingsBody): Promise<SettingsBody> {
  const { asset_access: access } = settings;
  if (access?.targets === undefined) return settings;
  const catalogue = await accessCatalogue(db);
  return { ...settings, asset_access: { ...access, targets: access.targets.filter((name) => catalogue.targets.has(name)) } };
}
