/** Dialogs about how a person signs in, each of somebody new: what they change holds for nobody else. */
import type { Sight } from './sight.ts';
import { button, dialogNamed, exactly, fromMenu, inDialog, type Newcomer, newcomer } from './sight-steps.ts';
import { addPasskeyDevice, type House, PASSWORD, type Page } from './support.ts';
import { totpCode } from './totp.ts';

export function signInSights(): readonly Sight[] {
  const profile = '/profile';
  return [
    {
      name: 'account-reset-factor',
      dialog: 'AccountActions: Reset the second factor of …',
      address: '/people',
      open: async (page, house) => {
        const { accountId } = await withFactor(house);
        await page.goto(`${house.url}/people/${accountId}`);
        await fromMenu('More', /^Reset second factor/)(page);
      },
    },
    { name: 'profile-disabled', address: profile, open: openDisabled },
    { name: 'password-change', dialog: 'PasswordSection: Change password', address: profile, open: button('Change password') },
    { name: 'passkey-add', dialog: 'PasskeysSection: Add passkey', address: profile, open: button('Add passkey') },
    { name: 'passkey-remove', dialog: 'PasskeysSection: Remove …', address: profile, open: openPasskey },
    {
      name: 'authenticator-password',
      dialog: 'AuthenticatorDialog: Set up an authenticator',
      address: profile,
      open: async (page, house) => {
        await openProfile(page, house, await newcomer(house));
        await exactly('Set up')(page);
      },
    },
    {
      name: 'authenticator-code',
      dialog: 'AuthenticatorDialog: Set up an authenticator (2)',
      address: profile,
      open: (page, house) => openCode(page, house).then(() => {}),
    },
    {
      name: 'recovery-codes',
      dialog: 'RecoveryCodes: Store your recovery codes',
      address: profile,
      open: async (page, house) => {
        const secret = await openCode(page, house);
        await page.getByLabel('Code', { exact: true }).fill(totpCode(secret));
        await inDialog(page, 'Turn on');
        await dialogNamed(page, 'Store your recovery codes');
      },
    },
    {
      name: 'recovery-codes-anew',
      dialog: 'NewRecoveryCodesDialog: New recovery codes',
      address: profile,
      open: async (page, house) => {
        await openProfile(page, house, await withFactor(house));
        await button('New recovery codes')(page);
      },
    },
    {
      name: 'authenticator-off',
      dialog: 'RemoveAuthenticatorDialog: Turn the authenticator off',
      address: profile,
      open: async (page, house) => {
        await openProfile(page, house, await withFactor(house));
        await exactly('Turn off')(page);
      },
    },
  ];
}

async function openProfile(page: Page, house: House, person: Newcomer, url = house.url): Promise<void> {
  await person.signIn(page, url);
  await page.goto(`${url}/profile`);
}

/** The profile of somebody whom an admin disabled. */
async function openDisabled(page: Page, house: House): Promise<void> {
  const person = await newcomer(house);
  const members = `/organizations/${house.organizationId}/members`;
  const { data } = await house.api<{ data: { id: string; account_id: string }[] }>(
    'GET',
    `${members}?search=Somebody%20New&limit=200`,
  );
  const member = data.find(({ account_id }) => account_id === person.accountId);
  await house.api('PATCH', `${members}/${member?.id}`, { status: 'disabled' });
  await openProfile(page, house, person);
  await page.getByRole('region', { name: 'Roles' }).scrollIntoViewIfNeeded();
}

/** Somebody new with an authenticator. */
async function withFactor(house: House): Promise<Newcomer> {
  const person = await newcomer(house);
  const { secret } = await person.ask<{ secret: string }>('POST', '/session/totp', { password: PASSWORD });
  await person.ask('POST', '/session/totp/confirm', { code: totpCode(secret) });
  return person;
}

/** Opens the second step of setting up an authenticator. Returns its secret. */
async function openCode(page: Page, house: House): Promise<string> {
  await openProfile(page, house, await newcomer(house));
  await exactly('Set up')(page);
  await page.getByLabel('Your password').fill(PASSWORD);
  const answer = page.waitForResponse((response) => response.url().endsWith('/session/totp'));
  await inDialog(page, 'Continue');
  const { secret } = (await (await answer).json()) as { secret: string };
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  return secret;
}

/** A passkey belongs to a name, which an address in digits is not. */
async function openPasskey(page: Page, house: House): Promise<void> {
  const url = house.url.replace('127.0.0.1', 'localhost');
  await addPasskeyDevice(page);
  await openProfile(page, house, await newcomer(house), url);
  await button('Add passkey')(page);
  await page.getByRole('dialog').getByLabel('Name').fill('My laptop');
  await page.getByRole('dialog').getByLabel('Your password').fill(PASSWORD);
  await inDialog(page, 'Continue');
  await button('Remove My laptop')(page);
}
