import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { afterCheck, type DomainNews, GRACE_MS, recordNameOf, recordValueOf } from '../../domain/identity/domain-check.ts';
import { DOMAIN_STATES } from '../../domain/identity/words.ts';
import { domainLetter } from '../../identity/mail/domain-letter.ts';
import { DOMAIN_PATTERN, readDomain } from '../../lib/address/domain-name.ts';
import type { RandomBytes } from '../../lib/secrets.ts';
import { UniqueViolation } from '../../store/errors.ts';
import type { DomainRow } from '../../store/identity/domains.ts';
import * as domains from '../../store/identity/domains.ts';
import { activeOwners } from '../../store/identity/owners.ts';
import { pageOfSorted } from '../../store/paging.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { idParams, instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { listQuery, pageOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { ownOriginOf } from '../http/own-origin.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { mailLater } from '../session/mail-later.ts';

/** The domains that an organization shows to be its own. Only addresses of these count at its identity providers. */

/** The most domains of one organization. */
const DOMAINS_MAX = 50;

const domain = text(300)
  .transform((given, context) => {
    const read = readDomain(given);
    if (read.is === 'domain') return read.domain;
    context.addIssue({ code: 'custom', message: read.problem });
    return z.NEVER;
  })
  .meta({
    pattern: DOMAIN_PATTERN,
    description: 'A domain alone, in any script. It is stored in lower case and ASCII.',
    examples: ['acme.com'],
  });

const domainOut = z
  .object({
    domain: z.string(),
    state: z.enum(DOMAIN_STATES).meta({
      description:
        '`pending`: the record was never found. `verified`: addresses of the domain count. `missing`: they still count, and the last checks did not find the record. `lost`: it was missing for 14 days, and addresses do not count.',
    }),
    record_name: z.string().meta({ description: 'The name of the TXT record to create.' }),
    record_value: z.string().meta({ description: 'The value of that record.' }),
    problem: z.string().nullable().meta({ description: 'What the last check found instead of the record. Null: it found it.' }),
    verified_at: instantOut.nullable(),
    checked_at: instantOut.nullable(),
    missing_since: instantOut.nullable(),
    counts_until: instantOut.nullable().meta({ description: 'The end of the 14 days of a missing record.' }),
    created_at: instantOut,
  })
  .meta({ id: 'OrganizationDomain' });

const domainParams = idParams.extend({ domain: text(300) });

export const list = route({
  summary: 'List the domains of an organization',
  description: 'Returns its domains by name, verified or not, with the DNS record of each.',
  permission: 'identity.manage',
  params: idParams,
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor }),
  response: pageOut(domainOut),
  load: load.organization,
  handle: async (call, { id }) => {
    const rows = await domains.list(call.deps.db, id);
    const page = pageOfSorted('domains', rows, call.query, (row) => row.domain);
    return { data: page.rows.map(view), next_cursor: page.nextCursor, total: rows.length };
  },
});

export const create = route({
  summary: 'Add a domain',
  description: `The answer has the TXT record that shows that the domain is the organization’s. Its addresses count once a check finds that record. An organization has at most ${DOMAINS_MAX} domains.`,
  permission: 'identity.manage',
  params: idParams,
  body: z.strictObject({ domain }),
  status: 201,
  response: domainOut,
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const { domain } = call.body;
    const row = await change(call, async ({ tx, now, record }) => {
      await lockLiving(tx, organizationId);
      if ((await domains.list(tx, organizationId)).length >= DOMAINS_MAX)
        throw conflict(`This organization has ${DOMAINS_MAX} domains, the most allowed. Remove one first.`);
      const challenge = newChallenge(call.deps.random);
      const added = { organizationId, domain, challenge, createdBy: call.actor.id, createdAt: now };
      const row = await domains.insert(tx, added);
      if (row === null) throw conflict(`${domain} is in the list of this organization already.`);
      await record({ ...eventOf(row), action: 'domain.create', before: null, after: facts(row) });
      return row;
    });
    return view(row);
  },
});

export const check = route({
  summary: 'Check the record of a domain now',
  description:
    'Looks up the TXT record, which takes up to 6 seconds, and returns the domain as it is then. A verified domain whose record is not found is `missing` from now on. A lookup without an answer changes no state. If another organization has verified the domain, it stays as it was, and `problem` says so.',
  permission: 'identity.manage',
  params: domainParams,
  response: domainOut,
  load: loadDomain,
  handle: async (call, { organization, row }) => {
    const answer = await call.deps.lookUpTxt(recordNameOf(row.domain), row.organizationId);
    const { after, news } = await storeCheck(call, row, answer);
    if (news !== null) await tellOwners(call, organization, after, news);
    return view(after);
  },
});

export const remove = route({
  summary: 'Remove a domain',
  description:
    'Its addresses no longer count at once: new people with one cannot come in through an identity provider. People who are linked stay. Another organization may verify it then.',
  permission: 'identity.manage',
  params: domainParams,
  status: 204,
  response: z.void(),
  load: loadDomain,
  handle: async (call, { row }) => {
    await change(call, async ({ tx, record }) => {
      const found = await domains.lock(tx, row);
      if (found === null) throw notFound('domain');
      await domains.remove(tx, found);
      await record({ ...eventOf(found), action: 'domain.delete', before: facts(found), after: null });
    });
    return undefined;
  },
});

/** Returns a value that is no secret, but that nobody can foresee. */
function newChallenge(random: RandomBytes = randomBytes): string {
  return random(16).toString('hex');
}

interface LoadedDomain {
  readonly organization: OrganizationRow;
  readonly row: DomainRow;
}

async function loadDomain(call: AdminCall<z.output<typeof domainParams>, unknown, unknown>): Promise<Loaded<LoadedDomain>> {
  const organization = await load.findOrganization(call, call.params.id);
  const row = await domains.find(call.deps.db, { organizationId: organization.id, domain: call.params.domain });
  if (row === null) throw notFound('domain');
  return { place: { organizationId: organization.id }, object: { organization, row } };
}

type Checked = { readonly after: DomainRow; readonly news: DomainNews | null };

/** Stores what a check found. A domain that counts for another organization stays as it was, with words that do not name that one. */
async function storeCheck(
  call: AdminCall<z.output<typeof domainParams>>,
  place: DomainRow,
  answer: Parameters<typeof afterCheck>[1],
): Promise<Checked> {
  const store = (isTaken: boolean) =>
    change(call, async ({ tx, now, record }): Promise<Checked> => {
      const row = await domains.lock(tx, place);
      if (row === null) throw notFound('domain');
      const { standing, news } = afterCheck(row, answer, now);
      if (isTaken)
        return { after: await domains.update(tx, row, { ...standingOf(row), checkedAt: now, problem: TAKEN }), news: null };
      const after = await domains.update(tx, row, standing);
      if (after.state !== row.state)
        await record({ ...eventOf(row), action: 'domain.check', before: facts(row), after: facts(after) });
      return { after, news };
    });
  try {
    return await store(false);
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error;
    return store(true);
  }
}

const TAKEN =
  'The record is right, but another organization of this installation has verified this domain. It must be removed there first.';

function standingOf({ state, verifiedAt, missingSince }: DomainRow) {
  return { state, verifiedAt, missingSince };
}

async function tellOwners(
  call: AdminCall<z.output<typeof domainParams>>,
  organization: OrganizationRow,
  row: DomainRow,
  news: DomainNews,
): Promise<void> {
  if (!call.deps.mailer.configured) return;
  const page = `${ownOriginOf(call)}/organizations/${organization.id}?tab=sign-in`;
  for (const { email } of await activeOwners(call.deps.db, organization.id)) {
    const letter = domainLetter(news, row, email, { organization: organization.name, page });
    if (letter !== null) mailLater(call, letter, 'the mail about a domain could not be sent');
  }
}

function eventOf({ organizationId, domain }: DomainRow) {
  return { organizationId, objectType: 'domain', objectId: domain, objectName: domain };
}

function facts({ domain, state, missingSince }: DomainRow) {
  return { domain, state, missing_since: isoOrNull(missingSince) };
}

function view(row: DomainRow): z.output<typeof domainOut> {
  const { missingSince } = row;
  return {
    domain: row.domain,
    state: row.state,
    record_name: recordNameOf(row.domain),
    record_value: recordValueOf(row.challenge),
    problem: row.problem,
    verified_at: isoOrNull(row.verifiedAt),
    checked_at: isoOrNull(row.checkedAt),
    missing_since: isoOrNull(missingSince),
    counts_until: missingSince === null ? null : isoOf(new Date(missingSince.getTime() + GRACE_MS)),
    created_at: isoOf(row.createdAt),
  };
}
