import { BlockList } from 'node:net';
import { z } from 'zod';
import { PERMISSIONS, type Permission, permissionsOfRole, type RoleGrant } from '../../domain/tenancy/permission.ts';
import { addRange } from '../../lib/address/address-list.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import type { AdminCall } from '../http/call.ts';
import { id, instant } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { type Fault, invalidFields } from '../http/problem.ts';

/** The fields with which admin tokens are created and narrowed. */

const LIST_MAX = 100;

const V4 = '(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
/** IPv4 exactly; of IPv6 the characters, since its short forms are many. */
const NETWORK_PATTERN = `^(?:${V4}(?:/(?:3[0-2]|[0-2]?[0-9]))?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/(?:12[0-8]|1[01][0-9]|[0-9]{1,2}))?)$`;

const network = z
  .string()
  .max(64)
  .refine((text) => addRange(new BlockList(), text), 'must be an IP address or a CIDR range, such as 10.0.0.0/8')
  .meta({ pattern: NETWORK_PATTERN, examples: ['10.0.0.0/8'] });

/** The fields of a narrowing. Null removes it. */
export const tokenNarrowing = {
  permissions: z
    .array(z.enum(PERMISSIONS))
    .min(1)
    .max(LIST_MAX)
    .nullish()
    .meta({ description: 'The permissions of its role that the token keeps. Null for all of them.' }),
  organization_ids: z.array(id).min(1).max(LIST_MAX).nullish().meta({
    description: 'For a platform role: the only organizations in which the token works. Null for all of them and the platform.',
  }),
  networks: z
    .array(network)
    .min(1)
    .max(LIST_MAX)
    .nullish()
    .meta({ description: 'The only addresses and CIDR ranges from which the token may be used. Null for any.' }),
};

export const tokenExpiry = instant
  .nullish()
  .meta({ description: 'The expiry. Null if the token never expires. Default: 90 days from now.' });

interface NarrowingBody {
  readonly permissions?: readonly Permission[] | null | undefined;
  readonly organization_ids?: readonly string[] | null | undefined;
  readonly networks?: readonly string[] | null | undefined;
}

type NarrowingColumns = Pick<AdminTokenRow, 'permissions' | 'organizationIds' | 'networks'>;

export const NOT_NARROWED: NarrowingColumns = { permissions: null, organizationIds: null, networks: null };

/** Throws 400 for a narrowing that does not fit the role, or names an organization that does not exist. */
export async function requireNarrowing(
  call: AdminCall<unknown, unknown, unknown>,
  grant: RoleGrant,
  body: NarrowingBody,
): Promise<void> {
  const faults: Fault[] = [...faultsOfPermissions(grant, body), ...(await faultsOfOrganizations(call, grant, body))];
  if (faults.length > 0) throw invalidFields(faults);
}

/** Returns the narrowing after a change. A field that the body leaves out is kept. */
export function patchedNarrowing(stored: NarrowingColumns, body: NarrowingBody): NarrowingColumns {
  return {
    permissions: patched(stored.permissions, body.permissions),
    organizationIds: patched(stored.organizationIds, body.organization_ids),
    networks: patched(stored.networks, body.networks),
  };
}

function patched(stored: string[] | null, wanted: readonly string[] | null | undefined): string[] | null {
  if (wanted === undefined) return stored;
  return wanted === null ? null : [...new Set(wanted)];
}

function faultsOfPermissions({ role }: RoleGrant, { permissions }: NarrowingBody): readonly Fault[] {
  const held = permissionsOfRole(role);
  return (permissions ?? []).flatMap((permission, index) =>
    held.includes(permission) ? [] : [{ pointer: `/permissions/${index}`, message: `must be a permission of the role ${role}` }],
  );
}

async function faultsOfOrganizations(
  call: AdminCall<unknown, unknown, unknown>,
  grant: RoleGrant,
  { organization_ids: ids }: NarrowingBody,
): Promise<readonly Fault[]> {
  if (ids === undefined || ids === null) return [];
  if ('organizationId' in grant) return [{ pointer: '/organization_ids', message: 'is only for platform roles' }];
  const faults: Fault[] = [];
  for (const [index, organizationId] of ids.entries()) {
    const isKnown = await load.findOrganization(call, organizationId).then(
      () => true,
      () => false,
    );
    if (!isKnown) faults.push({ pointer: `/organization_ids/${index}`, message: 'there is no organization with this id' });
  }
  return faults;
}
