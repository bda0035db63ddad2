import { z } from 'zod';
import { CREDENTIAL_KINDS } from '../../domain/routing/credential.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import * as checks from '../../store/catalogue/credential-checks.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import { openOther } from '../../store/sealing/other-secret.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { settings, settingsOut } from './credential-fields.ts';
import { movedPresets } from './known-presets.ts';

/** Credentials as the API and the audit log show them: never with a secret. */

/** The risks of a stored credential that still works. */
const RISKS = ['plain_http'] as const;

export const credentialOut = z
  .object({
    id: z.string(),
    organization_id: z
      .string()
      .nullable()
      .meta({ description: 'The organization that brought the credential. Null: the platform.' }),
    name: z.string(),
    provider: z.string(),
    kind: z.enum(CREDENTIAL_KINDS),
    settings: z.object(settings.shape),
    base_url: z.string().nullable(),
    new_base_url: z.string().nullable().meta({
      description:
        'The address of the preset now, if the platform moved it to another host after the secret of this own credential was given. The credential is not used until its secret is given again with this address as `base_url`. Null: nothing is to be done.',
    }),
    last_four: z.string().meta({
      description:
        'The last characters of the secret, to tell it from others: of `aws_static` those of the access key id, of `gcp_service_account` those of the key’s id. Empty for `ambient` and for secrets shorter than 16 characters.',
    }),
    previous_secret: z
      .object({ last_four: z.string(), valid_until: instantOut })
      .nullable()
      .meta({ description: 'The secret before, while it counts beside this one. Null: there is none.' }),
    expires_at: instantOut.nullable(),
    risks: z.array(z.enum(RISKS)).meta({
      description:
        '`plain_http`: the key and all requests cross the network without TLS, and HEADGATE_ALLOWED_UPSTREAMS does not list the host.',
    }),
    deployment_count: z.int(),
    last_check: z
      .object({
        ok: z.boolean(),
        message: z.string().nullable(),
        at: instantOut,
        refused_since: instantOut
          .nullable()
          .meta({ description: 'The time since which the provider refuses the credential. Null if it does not.' }),
      })
      .nullable()
      .meta({
        description:
          'The result of the last check, by the hour or by hand, which asks the provider for its list of models. Null before the first one, and in the platform’s list for what organizations brought.',
      }),
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Credential' });

type Facts = Pick<
  CredentialRow,
  'name' | 'provider' | 'kind' | 'settings' | 'baseUrl' | 'lastFour' | 'expiresAt' | 'otherLastFour' | 'otherUntil'
>;

/** Returns what the audit log shows of a credential. */
export function auditedCredential(row: Facts) {
  const previous = row.otherUntil === null ? null : { last_four: row.otherLastFour, valid_until: isoOf(row.otherUntil) };
  return { ...factsOf(row), previous_secret: previous };
}

function factsOf(row: Facts) {
  const { name, provider, kind, baseUrl: base_url, lastFour: last_four, expiresAt } = row;
  return { name, provider, kind, settings: settingsOut(row.settings), base_url, last_four, expires_at: isoOrNull(expiresAt) };
}

export async function viewCredential(call: AdminCall, row: CredentialRow): Promise<z.output<typeof credentialOut>> {
  const [shown] = await viewCredentials(call, [row]);
  if (shown === undefined) throw new Error('the view of the row is missing');
  return shown;
}

/** Returns credentials as the platform's list shows them: the checks of own ones are for their owner. */
export async function viewForPlatform(call: AdminCall, rows: readonly CredentialRow[]) {
  const views = await viewCredentials(call, rows);
  return views.map((view) => (view.organization_id === null ? view : { ...view, last_check: null }));
}

export async function viewCredentials(call: AdminCall, rows: readonly CredentialRow[]) {
  const ids = rows.map((row) => row.id);
  const used = await credentials.usage(call.deps.db, ids);
  const checked = await checks.findMany(call.deps.db, ids);
  const moved = await movedPresets(call.deps.db, rows);
  return rows.map((row) => ({
    id: row.id,
    organization_id: row.owner || null,
    ...factsOf(row),
    new_base_url: moved(row),
    previous_secret: viewPrevious(call, row),
    risks: risksOf(call, row),
    deployment_count: used.get(row.id) ?? 0,
    last_check: viewCheck(checked.get(row.id)),
    capabilities: [...capabilitiesOf(call.actor, { organizationId: row.owner || null })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}

/** Returns the other secret of a row if calls would use it: an earlier version may have left one that they would not. */
function viewPrevious({ deps }: AdminCall, row: CredentialRow) {
  const other = openOther(deps.keys.credentials, row, deps.clock.nowMs());
  return other === null ? null : { last_four: row.otherLastFour, valid_until: isoOf(new Date(other.untilMs)) };
}

function risksOf({ deps }: AdminCall, { baseUrl }: CredentialRow): (typeof RISKS)[number][] {
  return baseUrl !== null && deps.upstream.isPlainOnNetwork(baseUrl) ? ['plain_http'] : [];
}

function viewCheck(check: checks.CredentialCheckRow | undefined) {
  if (check === undefined) return null;
  const { ok, message, checkedAt, failingSince } = check;
  return { ok, message, at: isoOf(checkedAt), refused_since: isoOrNull(failingSince) };
}
