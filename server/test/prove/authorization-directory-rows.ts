/** The rows of SCIM directories: owners and admins of the organization, and platform admins. */
import { type Asking, made, organization } from './authorization-calls.ts';
import { type Row, row } from './authorization-rows.ts';
import { ORGANIZATION_MANAGE } from './authorization-table.ts';

export const directoryRows: readonly Row[] = [
  ...['', '/people', '/groups', '/refusals'].map((below) =>
    row(`GET /organizations/:id/directory${below}`, ORGANIZATION_MANAGE, organization(`/directory${below}`)),
  ),
  row('GET /organizations/:id/scim-tokens', ORGANIZATION_MANAGE, organization('/scim-tokens')),
  row('POST /organizations/:id/scim-tokens', ORGANIZATION_MANAGE, async (asking) =>
    made(await roomyPath(asking), { name: asking.world.fresh() }),
  ),
  row('DELETE /organizations/:id/scim-tokens/:token_id', ORGANIZATION_MANAGE, async (asking) => {
    const path = await roomyPath(asking);
    return `${path}/${(await asking.world.root('POST', path, { name: asking.world.fresh() })).id}`;
  }),
];

/** An organization has two active tokens at most, so those of earlier calls make room. */
async function roomyPath({ world, place }: Asking): Promise<string> {
  const path = `/organizations/${world.organizationId(place)}/scim-tokens`;
  const { data } = (await world.root('GET', path)) as unknown as { readonly data: readonly { id: string; state: string }[] };
  for (const { id } of data.filter(({ state }) => state === 'active')) await world.root('DELETE', `${path}/${id}`);
  return path;
}
