import { type Api, type Json, search } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { yesOrNo } from '../given-changes.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { type Column, printObject } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** The rules of an organization for sign-ins in a browser. Keys and admin tokens are not concerned. */

const FIELDS: readonly Column[] = [
  ['sign-in', (row) => row.sign_in],
  ['second factor', (row) => row.second_factor],
  ['evidence hours', (row) => row.evidence_hours],
  ['idle minutes', (row) => row.idle_minutes],
  ['asks again', (row) => (row.asks_again === true ? 'yes' : 'no')],
  ['break-glass owners', (row) => (row.break_glass as readonly Json[]).map(ownerText)],
  ['required since', (row) => row.enforced_at],
  ['active providers', (row) => row.active_providers],
  ['an owner came through one', (row) => row.owner_signed_in_at],
];

const EFFECT: readonly Column[] = [
  ['members', (row) => (row.effect as Json).members],
  ['of these never came through a provider', (row) => (row.effect as Json).members_without_link],
];

function ownerText({ account_id: id, email, passkeys, is_owner: isOwner }: Json): string {
  return isOwner === true ? `${email} (${passkeys} ${passkeys === 1 ? 'passkey' : 'passkeys'})` : `${id} (no longer an owner)`;
}

const show: Command = {
  words: ['sign-in-policy', 'show'],
  summary: 'show what an organization asks of a sign-in',
  operands: ['organization'],
  run: async (given, session) =>
    printObject(session, await session.api.get(`${await organizationPath(given, session)}/sign-in-policy`), FIELDS),
};

const set: Command = {
  words: ['sign-in-policy', 'set'],
  summary: 'change what an organization asks of a sign-in; what is not named stays',
  operands: ['organization'],
  flags: [
    { name: 'sign-in', value: 'way', about: 'any, or sso to require one of its identity providers' },
    { name: 'second-factor', value: 'which', about: 'off, idp_or_own or own' },
    { name: 'evidence-hours', value: 'n', about: 'people sign in again after this time: 1 to 720' },
    { name: 'idle-minutes', value: 'n', about: 'people sign in again after this time without use: 5 to 10080, or off' },
    { name: 'asks-again', value: 'yes|no', about: 'the provider must ask people again at each sign-in' },
    { name: 'break-glass', value: 'a,b', about: 'the owners who may come in with a passkey while sso is required, or none' },
    { name: 'dry-run', value: null, about: 'change nothing, and say whom it concerns' },
  ],
  notes: [
    'Break-glass owners are accounts (acct_…) or e-mail addresses of one to three active owners who have passkeys.',
    'sso needs an owner who came through an active provider in the last 24 hours. headgate sso release on the host lifts it.',
  ],
  run: async (given, session) => {
    const changes = changesOf(given);
    if (Object.keys(changes).length === 0 && !given.has('break-glass'))
      throw new BadUsage('Nothing to change. Name at least one of the flags: headgate sign-in-policy set --help');
    const organization = await organizationPath(given, session);
    const path = `${organization}/sign-in-policy`;
    const present = await session.api.get(path);
    const owners = await breakGlass(given, session, organization);
    const body = { ...rulesOf(present), ...changes, ...(owners === undefined ? {} : { break_glass: owners }) };
    const isTried = given.has('dry-run');
    const answer = await session.api.send(
      'PUT',
      path + search({ dry_run: isTried ? 'true' : undefined }),
      body,
      present.version as number,
    );
    printObject(session, answer, isTried ? EFFECT : FIELDS);
  },
};

export const signInPolicyCommands: readonly Command[] = [show, set];

function rulesOf(policy: Json): Json {
  const { sign_in, second_factor, evidence_hours, idle_minutes, asks_again } = policy;
  const break_glass = (policy.break_glass as readonly Json[]).map((owner) => owner.account_id);
  return { sign_in, second_factor, evidence_hours, idle_minutes, asks_again, break_glass };
}

function changesOf(given: Given): Json {
  const [hours, idle, asks] = [given.whole('evidence-hours'), idleMinutes(given), yesOrNo(given, 'asks-again')];
  return {
    ...(given.has('sign-in') ? { sign_in: given.required('sign-in') } : {}),
    ...(given.has('second-factor') ? { second_factor: given.required('second-factor') } : {}),
    ...(hours === undefined ? {} : { evidence_hours: hours }),
    ...(idle === undefined ? {} : { idle_minutes: idle }),
    ...(asks === undefined ? {} : { asks_again: asks }),
  };
}

function idleMinutes(given: Given): number | null | undefined {
  return given.flag('idle-minutes') === 'off' ? null : given.whole('idle-minutes');
}

/** Returns the accounts that the flag names; undefined if it was not given. Throws CommandFailed if an address is no owner's. */
async function breakGlass(given: Given, { api }: Session, organization: string): Promise<readonly string[] | undefined> {
  const named = given.list('break-glass');
  if (named === undefined || (named.length === 1 && named[0] === 'none')) return named && [];
  return Promise.all(named.map((one) => (one.startsWith('acct_') ? one : ownerWith(api, organization, one))));
}

async function ownerWith(api: Api, organization: string, address: string): Promise<string> {
  if (!address.includes('@'))
    throw new BadUsage('--break-glass wants accounts (acct_…) or e-mail addresses, separated by commas, or none.');
  const { data } = await api.get(`${organization}/members`, { role: 'org_owner', search: address, limit: 200 });
  const found = (data as readonly Json[]).find(({ email }) => String(email).toLowerCase() === address.toLowerCase());
  if (found === undefined) throw new CommandFailed(`${address} is no owner of this organization.`);
  return String(found.account_id);
}
