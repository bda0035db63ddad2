/** The rows of workload identity: trusted issuers, trust rules and the check of tokens. */
import { trustedIssuerBody, trustRuleBody } from '../admin/ground.ts';
import { type Asking, made, organization } from './authorization-calls.ts';
import { type Row, row } from './authorization-rows.ts';
import { ORGANIZATION_MANAGE } from './authorization-table.ts';

const ISSUERS = '/organizations/:id/trusted-issuers';
const RULES = '/organizations/:id/trust-rules';

export const trustRows: readonly Row[] = [
  row(`GET ${ISSUERS}`, ORGANIZATION_MANAGE, organization('/trusted-issuers')),
  row(`POST ${ISSUERS}`, ORGANIZATION_MANAGE, async (asking) => {
    await makeRoom(asking);
    return made(at(asking, '/trusted-issuers'), trustedIssuerBody(asking.world.fresh()));
  }),
  row(`GET ${ISSUERS}/:issuer_id`, ORGANIZATION_MANAGE, (asking) => issuerPath(asking)),
  row(`PATCH ${ISSUERS}/:issuer_id`, ORGANIZATION_MANAGE, async (asking) => made(await issuerPath(asking), { name: 'renamed' })),
  row(`DELETE ${ISSUERS}/:issuer_id`, ORGANIZATION_MANAGE, (asking) => issuerPath(asking)),
  row(`POST ${ISSUERS}/:issuer_id/test`, ORGANIZATION_MANAGE, (asking) => issuerPath(asking, '/test')),
  row(`GET ${RULES}`, ORGANIZATION_MANAGE, organization('/trust-rules')),
  row(`POST ${RULES}`, ORGANIZATION_MANAGE, async (asking) => made(at(asking, '/trust-rules'), await ruleBody(asking))),
  row(`POST ${RULES}/check`, ORGANIZATION_MANAGE, organization('/trust-rules/check', { token: 'eyJ.eyJ.x' })),
  row(`GET ${RULES}/:rule_id`, ORGANIZATION_MANAGE, (asking) => rulePath(asking)),
  row(`PATCH ${RULES}/:rule_id`, ORGANIZATION_MANAGE, async (asking) => made(await rulePath(asking), { name: 'renamed' })),
  row(`DELETE ${RULES}/:rule_id`, ORGANIZATION_MANAGE, (asking) => rulePath(asking)),
  row(`GET ${RULES}/:rule_id/keys`, ORGANIZATION_MANAGE, (asking) => rulePath(asking, '/keys')),
  row(`DELETE ${RULES}/:rule_id/keys/:key_id`, ORGANIZATION_MANAGE, (asking) => rulePath(asking, '/keys/key_x')),
];

function at({ world, place }: Asking, below: string): string {
  return `/organizations/${world.organizationId(place)}${below}`;
}

/** An organization may trust 20 issuers. Those of earlier calls make room, and their rules go with them. */
async function makeRoom(asking: Asking): Promise<void> {
  const path = at(asking, '/trusted-issuers');
  const listed = (await asking.world.root('GET', `${path}?limit=200`)) as unknown as { data: readonly { id: string }[] };
  if (listed.data.length > 15) for (const { id } of listed.data) await asking.world.root('DELETE', `${path}/${id}`);
}

async function issuerPath(asking: Asking, below = ''): Promise<string> {
  await makeRoom(asking);
  const path = at(asking, '/trusted-issuers');
  return `${path}/${(await asking.world.root('POST', path, trustedIssuerBody(asking.world.fresh()))).id}${below}`;
}

async function ruleBody(asking: Asking): Promise<object> {
  const issuerId = (await issuerPath(asking)).split('/').at(-1) ?? '';
  return trustRuleBody(issuerId, await teamId(asking));
}

async function teamId(asking: Asking): Promise<string> {
  return (await asking.world.root('POST', at(asking, '/teams'), { name: asking.world.fresh() })).id as string;
}

async function rulePath(asking: Asking, below = ''): Promise<string> {
  const path = at(asking, '/trust-rules');
  return `${path}/${(await asking.world.root('POST', path, await ruleBody(asking))).id}${below}`;
}
