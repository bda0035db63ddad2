import { z } from 'zod';
import {
  capabilitiesOf,
  PERMISSIONS,
  type Permission,
  ROLES_ABOVE_TEAMS,
  type RoleAboveTeams,
} from '../../domain/tenancy/permission.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import { type JudgedToken, judgeTokens } from '../../store/accounts/token-facts.ts';
import type { AdminCall } from '../http/call.ts';
import { capabilities, instantOut, isoOf, isoOrNull } from '../http/fields.ts';

/** The API view of an admin token. Never contains the token, only its last characters. */
export const tokenOutFields = {
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES_ABOVE_TEAMS),
  organization_id: z.string().nullable(),
  owner: z
    .object({
      kind: z.enum(['account', 'service_account', 'installation', 'nobody']),
      id: z.string().nullable(),
      name: z.string().nullable(),
      responsible_account_id: z
        .string()
        .nullable()
        .meta({ description: 'The person who is responsible for the service account.' }),
      responsible_name: z.string().nullable(),
    })
    .meta({
      id: 'AdminTokenOwner',
      description: 'The owner of an admin token. `installation` owns the configured token and those from the recovery commands.',
    }),
  maker_account_id: z.string().nullable().meta({ description: 'The person who created the token or took it over.' }),
  maker_name: z.string().nullable(),
  last_four: z.string(),
  status: z.enum(['active', 'stopped', 'expired', 'revoked']),
  stopped_by: z.enum(['maker', 'responsible', 'service_account', 'organization']).nullable().meta({
    description:
      'The party whose change stopped the token. Null if it is not stopped. A service account’s token works again when a person takes it over.',
  }),
  permissions: z.array(z.enum(PERMISSIONS)).nullable(),
  organization_ids: z.array(z.string()).nullable(),
  networks: z.array(z.string()).nullable(),
  expires_at: instantOut.nullable(),
  unowned_ends_at: instantOut
    .nullable()
    .meta({ description: 'The time at which a token without an owner expires unless a person takes it over.' }),
  revoked_at: instantOut.nullable(),
  last_used_at: instantOut.nullable(),
  last_used_ip: z.string().nullable(),
  created_by: z.string(),
  created_at: instantOut,
  version: z.int(),
  capabilities,
};
export const tokenOut = z.object(tokenOutFields).meta({ id: 'AdminToken' });
type TokenView = z.output<typeof tokenOut>;

export async function viewToken(call: AdminCall<unknown, unknown, unknown>, row: AdminTokenRow): Promise<TokenView> {
  const [view] = await viewTokens(call, [row]);
  return view as TokenView;
}

export async function viewTokens(
  call: AdminCall<unknown, unknown, unknown>,
  rows: readonly AdminTokenRow[],
): Promise<readonly TokenView[]> {
  const judged = await judgeTokens(call.deps.db, rows, call.deps.clock.nowMs());
  return rows.map((row, index) => view(call, row, judged[index] as JudgedToken));
}

function view(call: AdminCall<unknown, unknown, unknown>, row: AdminTokenRow, judged: JudgedToken): TokenView {
  const { standing, people } = judged;
  return {
    id: row.id,
    ...tokenFacts(row),
    owner: ownerView(row, judged),
    maker_name: people.get(row.makerAccountId ?? '')?.name ?? null,
    last_four: row.lastFour,
    status: standing.is,
    stopped_by: standing.is === 'stopped' ? standing.by : null,
    unowned_ends_at: judged.owner === 'nobody' ? isoOrNull(row.unownedEndsAt) : null,
    revoked_at: isoOrNull(row.revokedAt),
    last_used_at: isoOrNull(row.lastUsedAt),
    last_used_ip: row.lastUsedIp,
    created_by: row.createdBy,
    created_at: isoOf(row.createdAt),
    version: row.version,
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.organizationId })],
  };
}

function ownerView(row: AdminTokenRow, { owner: kind, serviceAccount, people }: JudgedToken): TokenView['owner'] {
  const nobody = { kind, id: null, name: null, responsible_account_id: null, responsible_name: null };
  switch (kind) {
    case 'account':
      return { ...nobody, id: row.makerAccountId, name: people.get(row.makerAccountId ?? '')?.name ?? null };
    case 'service_account': {
      const responsible = serviceAccount?.responsibleAccountId ?? null;
      const responsibleName = people.get(responsible ?? '')?.name ?? null;
      const named = { id: row.serviceAccountId, name: serviceAccount?.name ?? null };
      return { kind, ...named, responsible_account_id: responsible, responsible_name: responsibleName };
    }
    case 'installation':
    case 'nobody':
      return nobody;
  }
}

/** Returns the fields that people set, which the audit log compares. */
export function tokenFacts(row: AdminTokenRow) {
  return {
    name: row.name,
    role: row.role as RoleAboveTeams,
    organization_id: row.organizationId,
    expires_at: isoOrNull(row.expiresAt),
    permissions: row.permissions as Permission[] | null,
    organization_ids: row.organizationIds,
    networks: row.networks,
    maker_account_id: row.makerAccountId,
  };
}
