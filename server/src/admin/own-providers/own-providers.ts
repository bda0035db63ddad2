import { z } from 'zod';
import { OWN_DEPLOYMENTS } from '../../domain/routing/own.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import { runsOlderReplica } from '../../store/installation/lease.ts';
import { newestMigration } from '../../store/installation/migrate.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { idParams } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { eventOf, lockLiving } from '../organizations/organizations.ts';

/** The use of the credentials and deployments that an organization brought. */

/** The most own credentials and deployments of one organization. All of them are loaded with it. */
export const OWN_CREDENTIALS_MAX = 100;
export const OWN_DEPLOYMENTS_MAX = 200;

const mode = z.enum(OWN_DEPLOYMENTS).meta({
  description:
    '`own_first`: the organization’s own deployments of a model are tried before the platform’s. `own_only`: the platform’s are never tried, so a name that no own deployment serves gets 503.',
});

const ownProvidersOut = z
  .object({
    own_deployments: mode,
    credential_count: z.int(),
    credential_count_max: z.int(),
    deployment_count: z.int(),
    deployment_count_max: z.int(),
    version: z.int().meta({ description: 'The version of the organization.' }),
  })
  .meta({ id: 'OwnProviders' });

export const read = route({
  summary: 'Get the use of own providers',
  description: 'Returns the order of own deployments and the platform’s, and how many the organization has.',
  permission: 'own_providers.manage',
  params: idParams,
  response: ownProvidersOut,
  load: load.organization,
  handle: (call, row) => view(call, row),
});

export const update = route({
  summary: 'Change the use of own providers',
  description:
    'Access, limits and budgets do not change. Returns 409 for `own_only` while a replica of an earlier version runs, because it would call the platform’s deployments.',
  permission: 'own_providers.manage',
  takesIfMatch: true,
  params: idParams,
  body: z.strictObject({ own_deployments: mode }),
  response: ownProvidersOut,
  load: load.organization,
  handle: async (call, { id }) => {
    const ownDeployments = call.body.own_deployments;
    const newest = await newestMigration();
    const updated = await change(call, async ({ tx, now, record, touch }) => {
      const row = await lockLiving(tx, id);
      requireVersion(call, row.version);
      if (row.ownDeployments === ownDeployments) return row;
      if (ownDeployments === 'own_only' && (await runsOlderReplica(tx, newest)))
        throw conflict(
          'A replica of an earlier version still runs, and would call the platform’s deployments. Upgrade it first.',
        );
      const updated = await organizations.update(tx, id, { ownDeployments }, now);
      await record({
        ...eventOf(updated),
        action: 'organization.update',
        before: { own_deployments: row.ownDeployments },
        after: { own_deployments: ownDeployments },
      });
      touch({ organizationIds: [id] });
      return updated;
    });
    return view(call, updated);
  },
});

async function view({ deps: { db } }: AdminCall<unknown, unknown, unknown>, row: OrganizationRow) {
  return {
    own_deployments: row.ownDeployments,
    credential_count: await credentials.countOf(db, row.id),
    credential_count_max: OWN_CREDENTIALS_MAX,
    deployment_count: await deployments.countOf(db, row.id),
    deployment_count_max: OWN_DEPLOYMENTS_MAX,
    version: row.version,
  };
}
