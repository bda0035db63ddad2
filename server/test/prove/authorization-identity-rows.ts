/** The rows of an organization's identity providers, sign-in policy, group mappings and links. */
import { type Asking, type Made, made, organization } from './authorization-calls.ts';
import { type Row, row } from './authorization-rows.ts';
import { type Cells, ORGANIZATION_MANAGE, ORGANIZATION_OWNERS } from './authorization-table.ts';

/** Its state refuses it to those who may: nobody tested the provider, or there is no such test or link. */
const OWNERS_CONFLICT: Cells = { own: '409 3  409 3 3  3  3   3  3  3', other: '409 3  4  4  4  4  4   4  4  4' };
const OWNERS_NOTHING: Cells = { own: '4  3   4  3  3  3  3   3  3  3', other: '4  3   4  4  4  4  4   4  4  4' };

const POLICY = {
  sign_in: 'any',
  second_factor: 'off',
  evidence_hours: 720,
  idle_minutes: null,
  asks_again: false,
  break_glass: [],
};

export const identityRows: readonly Row[] = [
  row('GET /organizations/:id/identity-providers', ORGANIZATION_OWNERS, organization('/identity-providers')),
  row('POST /organizations/:id/identity-providers', ORGANIZATION_OWNERS, async (asking) =>
    made(await providersPath(asking), body(asking)),
  ),
  row('GET /organizations/:id/identity-providers/:idp_id', ORGANIZATION_OWNERS, (asking) => providerPath(asking, '')),
  row('PATCH /organizations/:id/identity-providers/:idp_id', ORGANIZATION_OWNERS, async (asking) =>
    made(await providerPath(asking, ''), { name: asking.world.fresh() }),
  ),
  row('DELETE /organizations/:id/identity-providers/:idp_id', ORGANIZATION_OWNERS, (asking) => providerPath(asking, '')),
  row('POST /organizations/:id/identity-providers/:idp_id/test', OWNERS_CONFLICT, async (asking) =>
    made(await providerPath(asking, '/test'), {}),
  ),
  row('GET /organizations/:id/identity-providers/:idp_id/test-result', OWNERS_NOTHING, (asking) =>
    providerPath(asking, '/test-result?id=none'),
  ),
  row('POST /organizations/:id/identity-providers/:idp_id/activate', OWNERS_CONFLICT, (asking) =>
    providerPath(asking, '/activate'),
  ),
  row('POST /organizations/:id/identity-providers/:idp_id/switch-off', ORGANIZATION_OWNERS, (asking) =>
    providerPath(asking, '/switch-off'),
  ),
  row('GET /organizations/:id/identity-providers/:idp_id/keys', ORGANIZATION_OWNERS, (asking) => providerPath(asking, '/keys')),
  row('PUT /organizations/:id/identity-providers/:idp_id/keys', ORGANIZATION_OWNERS, async (asking) =>
    made(await providerPath(asking, '/keys'), { keys: [] }),
  ),
  row('GET /organizations/:id/identity-providers/:idp_id/signing-key', ORGANIZATION_OWNERS, (asking) =>
    providerPath(asking, '/signing-key'),
  ),
  row('POST /organizations/:id/identity-providers/:idp_id/signing-key', OWNERS_CONFLICT, async (asking) =>
    made(await providerPath(asking, '/signing-key'), { step: 'add' }),
  ),
  row('GET /organizations/:id/sign-in-policy', ORGANIZATION_OWNERS, organization('/sign-in-policy')),
  row('PUT /organizations/:id/sign-in-policy', ORGANIZATION_OWNERS, organization('/sign-in-policy', POLICY)),
  row('GET /organizations/:id/group-mappings', ORGANIZATION_MANAGE, organization('/group-mappings')),
  row('POST /organizations/:id/group-mappings', ORGANIZATION_MANAGE, ({ world, place }) =>
    made(`/organizations/${world.organizationId(place)}/group-mappings`, mappingBody(world.fresh())),
  ),
  row('DELETE /organizations/:id/group-mappings/:mapping_id', ORGANIZATION_MANAGE, mappingPath),
  row('GET /organizations/:id/identity-links', ORGANIZATION_OWNERS, organization('/identity-links')),
  row('DELETE /organizations/:id/identity-links', OWNERS_NOTHING, organization('/identity-links?provider_id=idp_none&subject=x')),
];

const body = ({ world }: Asking) => ({
  name: world.fresh(),
  protocol: 'oidc',
  config: { issuer: world.issuer, client_id: 'headgate' },
  client_secret: 'a secret of this table',
});

/** An organization has 20 at most, so the providers of earlier calls make room. Returns the path of them all. */
async function providersPath({ world, place }: Asking): Promise<string> {
  const path = `/organizations/${world.organizationId(place)}/identity-providers`;
  const { data } = await world.root<{ readonly data: readonly { readonly id: string }[] }>('GET', path);
  if (data.length > 15) for (const { id } of data) await world.root('DELETE', `${path}/${id}`);
  return path;
}

async function providerPath(asking: Asking, below: string): Promise<string> {
  const path = await providersPath(asking);
  return `${path}/${(await asking.world.root('POST', path, body(asking))).id}${below}`;
}

const mappingBody = (value: string) => ({ source: 'scim', value, role: 'org_member' });

async function mappingPath({ world, place }: Asking): Promise<Made> {
  const path = `/organizations/${world.organizationId(place)}/group-mappings`;
  return `${path}/${(await world.root('POST', path, mappingBody(world.fresh()))).id}`;
}
