/** The rows of an organization's domains. */
import { type Asking, type Made, made, organization } from './authorization-calls.ts';
import { type Row, row } from './authorization-rows.ts';
import { ORGANIZATION_OWNERS } from './authorization-table.ts';

export const domainRows: readonly Row[] = [
  row('GET /organizations/:id/domains', ORGANIZATION_OWNERS, organization('/domains')),
  row('POST /organizations/:id/domains', ORGANIZATION_OWNERS, async (asking) =>
    made(await domainsPath(asking), { domain: newDomain(asking) }),
  ),
  row('POST /organizations/:id/domains/:domain/check', ORGANIZATION_OWNERS, async (asking) =>
    made(`${await domainPath(asking)}/check`),
  ),
  row('DELETE /organizations/:id/domains/:domain', ORGANIZATION_OWNERS, async (asking): Promise<Made> => domainPath(asking)),
];

/** A domain that is nobody's: the DNS has no `.invalid`. */
const newDomain = ({ world }: Asking) =>
  `${world
    .fresh()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '-')}.invalid`;

/** An organization has 50 at most, so the domains of earlier calls make room. Returns the path of them all. */
async function domainsPath({ world, place }: Asking): Promise<string> {
  const path = `/organizations/${world.organizationId(place)}/domains`;
  const { data } = (await world.root('GET', path)) as unknown as { readonly data: readonly { readonly domain: string }[] };
  if (data.length > 40) for (const { domain } of data) await world.root('DELETE', `${path}/${domain}`);
  return path;
}

/** A domain of the place's organization. */
async function domainPath(asking: Asking): Promise<string> {
  const path = await domainsPath(asking);
  const domain = newDomain(asking);
  await asking.world.root('POST', path, { domain });
  return `${path}/${domain}`;
}
