import { z } from 'zod';
import { domainOf } from '../../domain/identity/arrival.ts';
import { organizationOfDomain } from '../../store/identity/domains.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import * as policies from '../../store/identity/sign-in-policies.ts';
import { email, slug } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';

/** The identity providers that a person may choose, before they sign in. */

export const list = route({
  summary: 'List the identity providers to sign in through',
  description:
    'Returns the active providers of the organization that verified the domain of an address, or that has a slug. Tells nothing about accounts: the answer is the same for every address of a domain. Returns 429 after many calls from one network address.',
  permission: 'public',
  query: z.strictObject({ email: email.optional(), organization: slug.optional() }),
  response: z.object({
    organization: z.object({ id: z.string(), name: z.string(), slug: z.string() }).nullable(),
    required: z.boolean().meta({ description: 'True if the organization opens only through one of them.' }),
    data: z.array(z.object({ id: z.string(), name: z.string() })),
  }),
  load: load.platform,
  handle: async ({ deps, query, raw }) => {
    const { email: address, organization: name } = query;
    if ((address === undefined) === (name === undefined))
      throw invalid('?email', 'must be sent unless `organization` is: ask by one of the two');
    const attempt = { owner: null, from: raw.ip, kind: 'sso_choice' } as const;
    deps.identity.attempts.count(attempt);
    const id = address === undefined ? null : await organizationOfDomain(deps.db, domainOf(address));
    const wanted = name === undefined ? (id === null ? null : { id }) : { slug: name };
    const organization = wanted === null ? null : await providers.openOrganization(deps.db, wanted);
    const active =
      organization === null ? [] : ((await providers.activeOf(deps.db, [organization.id])).get(organization.id) ?? []);
    if (organization === null || active.length === 0) return { organization: null, required: false, data: [] };
    // Of a whole office behind one address, only those who find nothing count.
    deps.identity.attempts.forgive(attempt);
    const policy = await policies.find(deps.db, organization.id);
    return { organization, required: policy?.signIn === 'sso', data: active.map(({ id, name }) => ({ id, name })) };
  },
});
