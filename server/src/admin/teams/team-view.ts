import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import type { ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { accessChoiceFrom } from '../../store/configuration/policy-columns.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { organizationNames } from '../../store/tenancy/place-names.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { accessCatalogue, choiceOut, renderChoice, renderIneffective } from '../access/access-fields.ts';
import { levelsAbove } from '../access/parent-access.ts';
import type { AdminCall } from '../http/call.ts';
import { capabilities, instantOut, isoOf, metadataOut } from '../http/fields.ts';
import { renderTags, tagsOut } from '../limits/tag-fields.ts';
import { visibleLimitsStatus, visibleStatusOut } from '../organizations/limits-status.ts';
import { loadPolicies, policyOut, renderPolicy } from '../organizations/policy.ts';
import { renderSelfService, selfServiceOut } from './self-service.ts';

/** The API view of a team. */
export const teamOut = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    organization_name: z.string(),
    time_zone: z.string().meta({ description: 'The organization’s time zone. It sets when days and periods begin.' }),
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    ...policyOut,
    asset_access: choiceOut,
    ...tagsOut,
    self_service: selfServiceOut,
    metadata: metadataOut,
    member_count: z.int(),
    key_count: z.int(),
    limits_status: visibleStatusOut,
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Team' });

export async function viewTeam(call: AdminCall, row: TeamRow): Promise<z.output<typeof teamOut>> {
  const [view] = await viewTeams(call, [row]);
  if (view === undefined) throw new Error('the view of the row is missing');
  const above = await levelsAbove(call.deps.db, { organizationId: row.organizationId });
  const ineffective = renderIneffective(above, accessChoiceFrom(row), await accessCatalogue(call.deps.db));
  return { ...view, asset_access: { ...view.asset_access, ineffective } };
}

export async function viewTeams(call: AdminCall, rows: readonly TeamRow[]) {
  const { db } = call.deps;
  const organizationIds = [...new Set(rows.map((row) => row.organizationId))];
  const policies = await loadPolicies(db, 'team', rows);
  const zones = await organizations.timeZones(db, organizationIds);
  const organizationNameOf = await organizationNames(db, organizationIds);
  const counts = await teams.counts(
    db,
    organizationIds,
    rows.map((row) => row.id),
  );
  const live = await visibleLimitsStatus(
    call,
    rows.map(({ organizationId, id: scopeId }, index) => {
      const of = { timeZone: zones.get(organizationId) ?? 'UTC', place: { organizationId, teamId: scopeId } };
      return { organizationId, scope: 'team', scopeId, policy: policies[index] as ScopePolicy, ...of } as const;
    }),
  );
  return rows.map((row, index) => ({
    id: row.id,
    organization_id: row.organizationId,
    organization_name: organizationNameOf.get(row.organizationId) ?? '',
    time_zone: zones.get(row.organizationId) ?? 'UTC',
    ...teamFacts(row, policies[index] as ScopePolicy),
    member_count: counts(row.id).members,
    key_count: counts(row.id).keys,
    limits_status: live[index] ?? null,
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.organizationId, teamId: row.id })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}

/** Returns the fields that people set, which the audit log compares. */
export function teamFacts(row: TeamRow, policy: ScopePolicy) {
  return {
    name: row.name,
    status: row.status,
    ...renderPolicy(policy),
    asset_access: renderChoice(accessChoiceFrom(row)),
    ...renderTags(row),
    self_service: renderSelfService(row.selfService),
    metadata: row.metadata,
  };
}
