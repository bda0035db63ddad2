import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import { KEY_KINDS, type ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { accessChoiceFrom } from '../../store/configuration/policy-columns.ts';
import type { KeyRow } from '../../store/tenancy/keys.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { organizationNames, teamNames } from '../../store/tenancy/place-names.ts';
import * as serviceAccounts from '../../store/tenancy/service-accounts.ts';
import { accessCatalogue, choiceOut, renderChoice, renderIneffective } from '../access/access-fields.ts';
import { levelsAbove } from '../access/parent-access.ts';
import type { AdminCall } from '../http/call.ts';
import { capabilities, instantOut, isoOf, isoOrNull, metadataOut } from '../http/fields.ts';
import { callerTags, renderTags, tagsOut } from '../limits/tag-fields.ts';
import { visibleLimitsStatus, visibleStatusOut } from '../organizations/limits-status.ts';
import { loadPolicies, loadPolicy, policyOut, renderPolicy } from '../organizations/policy.ts';

/** The API view of a key. Never contains its secret, only the first and last characters. */
export const keyFields = {
  id: z.string(),
  organization_id: z.string(),
  organization_name: z.string(),
  team_id: z.string(),
  team_name: z.string(),
  name: z.string(),
  kind: z.enum(KEY_KINDS).meta({
    description:
      '`api`: has a secret that works until it is replaced. `login` and `workload`: have tokens that live for minutes.',
  }),
  owner: z.object({
    account_id: z.string().nullable(),
    member_id: z.string().nullable(),
    service_account_id: z.string().nullable(),
    name: z.string(),
  }),
  status: z.enum(['active', 'disabled', 'revoked']),
  expires_at: instantOut.nullable(),
  prefix: z.string(),
  last_four: z.string(),
  ...policyOut,
  asset_access: choiceOut,
  ...tagsOut,
  caller_tags: callerTags,
  metadata: metadataOut,
  limits_status: visibleStatusOut
    .optional()
    .meta({ description: 'Returned only when one key is read. Null if the caller lacks usage.read on the key.' }),
  capabilities,
  version: z.int(),
  created_at: instantOut,
  created_by: z.string(),
  updated_at: instantOut,
  revoked_at: instantOut.nullable(),
  last_used_at: instantOut.nullable(),
};
export const keyOut = z.object(keyFields).meta({ id: 'Key' });
type KeyView = z.output<typeof keyOut>;

export async function viewKey(call: AdminCall, row: KeyRow): Promise<KeyView> {
  const [view] = await viewKeys(call, [row]);
  if (view === undefined) throw new Error('the view of the row is missing');
  const { db } = call.deps;
  const { organizationId, teamId, ownerMembershipId } = row;
  const above = await levelsAbove(db, { organizationId, teamId, membershipId: ownerMembershipId });
  const ineffective = renderIneffective(above, accessChoiceFrom(row), await accessCatalogue(db));
  const timeZone = (await organizations.timeZones(db, [organizationId])).get(organizationId) ?? 'UTC';
  const policy = await loadPolicy(db, 'key', row);
  const place = { organizationId, teamId, ownerAccountId: view.owner.account_id };
  const scope = { organizationId, scope: 'key', scopeId: row.id, policy, timeZone, place } as const;
  const [live = null] = await visibleLimitsStatus(call, [scope]);
  return { ...view, asset_access: { ...view.asset_access, ineffective }, limits_status: live };
}

export async function viewKeys(call: AdminCall, rows: readonly KeyRow[]): Promise<KeyView[]> {
  const { db } = call.deps;
  const organizationIds = [...new Set(rows.map((row) => row.organizationId))];
  const policies = await loadPolicies(db, 'key', rows);
  const people = await memberships.people(db, organizationIds, distinct(rows.map((row) => row.ownerMembershipId)));
  const services = await serviceAccounts.names(db, organizationIds, distinct(rows.map((row) => row.ownerServiceAccountId)));
  const organizationNameOf = await organizationNames(db, organizationIds);
  const teamNameOf = await teamNames(db, organizationIds, distinct(rows.map((row) => row.teamId)));
  return rows.map((row, index) => {
    const person = people.get(row.ownerMembershipId ?? '');
    const { organizationId, teamId } = row;
    return {
      id: row.id,
      organization_id: organizationId,
      organization_name: organizationNameOf.get(organizationId) ?? '',
      team_name: teamNameOf.get(teamId) ?? '',
      ...keyFacts(row, policies[index] as ScopePolicy),
      kind: row.kind,
      owner: {
        account_id: person?.accountId ?? null,
        member_id: row.ownerMembershipId,
        service_account_id: row.ownerServiceAccountId,
        name: person?.name ?? services.get(row.ownerServiceAccountId ?? '') ?? '',
      },
      prefix: row.prefix,
      last_four: row.lastFour,
      capabilities: [...capabilitiesOf(call.actor, { organizationId, teamId, ownerAccountId: person?.accountId ?? null })],
      version: row.version,
      created_at: isoOf(row.createdAt),
      created_by: row.createdBy,
      updated_at: isoOf(row.updatedAt),
      revoked_at: isoOrNull(row.revokedAt),
      last_used_at: isoOrNull(row.lastUsedAt),
    };
  });
}

/** Returns the fields that people set, which the audit log compares. */
export function keyFacts(row: KeyRow, policy: ScopePolicy) {
  return {
    name: row.name,
    team_id: row.teamId,
    status: row.status,
    expires_at: isoOrNull(row.expiresAt),
    ...renderPolicy(policy),
    asset_access: renderChoice(accessChoiceFrom(row)),
    ...renderTags(row),
    caller_tags: row.callerTags,
    metadata: row.metadata,
  };
}

function distinct(ids: readonly (string | null)[]): readonly string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}
