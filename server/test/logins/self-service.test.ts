/** The keys and logins that people make under each self-service policy of a team. The gateway is a process of its own, on a real PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Person, signUp } from '../support/tenants.ts';
import { asPerson, form, type LoginSite, loginByDevice, must, openLoginSite, withToken } from './site.ts';

const MS_MAX = 180_000;
let site: LoginSite;

beforeAll(async () => {
  site = await openLoginSite();
}, MS_MAX);
afterAll(() => site?.stop(), MS_MAX);

const teamId = () => site.tenant.teams[0].teamId;
const NO_KEYS = 'Members of this team may not create their own keys. Ask a team admin for a key.';
const LOGINS_ONLY = 'This team allows logins only. Run headgate login.';
const NO_LOGINS = 'This team does not allow logins. Ask a team admin to allow them.';

const policy = (self_service: object) =>
  site.gateway.admin<{ self_service: { enabled: boolean; logins_only: boolean } }>('PATCH', `/teams/${teamId()}`, {
    self_service,
  });
const person = (role: 'team_developer' | 'team_admin' | 'team_viewer') =>
  signUp({ base: site.gateway.base, root: site.gateway.admin }, role, site.tenant.teams[0]);

/** Returns null if the person may make a key of their own, else the refusal. */
async function keyOf({ cookie, accountId }: Person): Promise<string | null> {
  const body = { team_id: teamId(), name: 'own', owner: { account_id: accountId } };
  const { status, body: said } = await asPerson(site.gateway, { cookie }, 'POST', '/keys', body);
  return status === 201 ? null : said.detail;
}

/** Returns null if the person may log in on a device, else the refusal. The page must say beforehand what the approval does. */
async function loginOf(someone: Person, device: string): Promise<string | null> {
  const place = must(await asPerson(site.gateway, someone, 'GET', '/logins/places')).data[0];
  const { user_code } = (await form(site.gateway, 'device', { device_name: device })).body;
  must(await asPerson(site.gateway, someone, 'POST', '/logins/device/lookup', { user_code }));
  const approval = { user_code, team_id: teamId() };
  const { status, body } = await asPerson(site.gateway, someone, 'POST', '/logins/device/approve', approval);
  expect(place.reason === null, place.reason).toBe(status < 300);
  return status < 300 ? null : body.detail;
}

test.each([
  ['nothing, as a team without a policy', { enabled: false, logins_only: false }, NO_KEYS, NO_LOGINS],
  ['logins alone', { logins_only: true }, LOGINS_ONLY, null],
  ['logins alone, also if keys are asked for at once', { enabled: true, logins_only: true }, LOGINS_ONLY, null],
  ['keys and logins', { enabled: true }, null, null],
])('%s', async (_, self_service, key, login) => {
  await policy({ enabled: true });
  const [developer, known, admin] = [await person('team_developer'), await person('team_developer'), await person('team_admin')];
  await loginByDevice(site.gateway, known, teamId(), 'laptop');
  const { id } = must(
    await asPerson(site.gateway, known, 'POST', '/keys', {
      ...{ team_id: teamId(), name: 'older', owner: { account_id: known.accountId } },
    }),
  );
  const shown = await policy(self_service);
  expect(shown.self_service).toMatchObject({ enabled: key === null, logins_only: login === null && key !== null });
  expect(await keyOf(developer)).toBe(key);
  expect(await loginOf(developer, 'laptop')).toBe(login);
  // Logging in again on the same device obeys the same policy.
  expect(await loginOf(known, 'laptop')).toBe(login);
  const bounds = must(await asPerson(site.gateway, developer, 'GET', `/teams/${teamId()}/self-service`));
  expect([bounds.enabled, bounds.reason === LOGINS_ONLY]).toEqual([key === null, key === LOGINS_ONLY]);
  // A new secret for a key that is there is no new key. Whoever manages the team's keys is not bound.
  must(await asPerson(site.gateway, known, 'POST', `/keys/${id}/rotate`));
  expect([await keyOf(admin), await loginOf(admin, 'laptop')]).toEqual([null, null]);
});

test('a policy that names one of the two ends the other, and one that names neither changes neither', async () => {
  const after = async (self_service: object) => {
    const { enabled, logins_only } = (await policy(self_service)).self_service;
    return { enabled, logins_only };
  };
  const [nothing, logins, keys] = [
    { enabled: false, logins_only: false },
    { enabled: false, logins_only: true },
    { enabled: true, logins_only: false },
  ];
  expect(await after({ enabled: true, logins_only: false })).toEqual(keys);
  expect(await after({ max_keys_per_member: 9 })).toEqual(keys);
  expect(await after({ logins_only: true })).toEqual(logins);
  expect(await after({ max_keys_per_member: 8 })).toEqual(logins);
  // A form of the version before, which does not know logins only, sends what it was shown.
  expect(await after({ enabled: false })).toEqual(logins);
  expect(await after(logins)).toEqual(logins);
  expect(await after({ enabled: true })).toEqual(keys);
  expect(await after({ logins_only: true })).toEqual(logins);
  expect(await after({ logins_only: false })).toEqual(nothing);
});

test('a login under logins only counts against the most of a member, and says what to do', async () => {
  await policy({ logins_only: true, max_keys_per_member: 1 });
  const developer = await person('team_developer');
  const { access_token } = await loginByDevice(site.gateway, developer, teamId(), 'laptop');
  expect((await withToken(site.gateway, access_token)).status).toBe(200);
  expect(await loginOf(developer, 'desktop')).toBe(
    'You have reached the most keys and logins that a member of this team may have: 1. End one first, or log in again on the same device.',
  );
  expect(await keyOf(developer)).toBe(LOGINS_ONLY);
});
