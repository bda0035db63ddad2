/** The page of a SCIM directory and its dialogs, with a token, a group that gives a role, and a refused person. */
import type { Ids, Sight } from './sight.ts';
import { button, menuOf } from './sight-steps.ts';
import type { House } from './support.ts';

const GROUP = 'Engineering';
const TOKEN = 'Looked at';

export function directorySights({ organizationId }: Pick<Ids, 'organizationId'>): readonly Sight[] {
  const address = `/organizations/${organizationId}/directory`;
  const groups = `${address}?part=groups`;
  const dialog = (name: string, dialog: string, at: string, open: NonNullable<Sight['open']>) => ({
    name,
    dialog,
    address: at,
    open,
  });
  return [
    { name: 'directory', address },
    { name: 'directory-people', address: `${address}?part=people` },
    { name: 'directory-groups', address: groups },
    { name: 'directory-refused', address: `${address}?part=refused` },
    { name: 'directory-owner', address, who: 'org_owner' },
    dialog('scim-token-create', 'TokensSection: Create token', address, button('Create token')),
    dialog('scim-token-revoke', 'TokensSection: Revoke token', address, menuOf(TOKEN, 'Revoke token')),
    dialog('scim-token-new', 'TokensSection: New SCIM token', address, async (page) => {
      await button('Create token')(page);
      await page.getByRole('dialog').getByLabel('Name').fill('Shown once');
      await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
      await page.getByLabel('Token', { exact: true }).waitFor();
    }),
    dialog('group-role-give', 'RoleDialogs: Give a role to the group …', groups, menuOf(GROUP, 'Give a role')),
    dialog('group-role-take', 'RoleDialogs: Take … from the group …', groups, button(/^Take .* from the group Engineering$/)),
  ];
}

/** Calls the SCIM endpoint, as an identity provider does. Returns its answer, whatever its status. */
export async function askScim({ url }: Pick<House, 'url'>, token: string, method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
  const response = await fetch(`${url}/scim/v2${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? { id: '' } : JSON.parse(text)) as { id: string } };
}

/** Makes what the sights show. People need a verified domain, which the demo has none of. */
export async function makeDirectory(house: House): Promise<void> {
  const at = `/organizations/${house.organizationId}`;
  const { token } = await house.api<{ token: string }>('POST', `${at}/scim-tokens`, { name: TOKEN });
  const scim = async (path: string, body: object) => (await askScim(house, token, 'POST', path, body)).body;
  const group = await scim('/Groups', { displayName: GROUP });
  await house.api('POST', `${at}/group-mappings`, { source: 'scim', value: group.id, role: 'org_auditor' });
  await scim('/Groups', { displayName: 'Sales' });
  await scim('/Users', { userName: 'ada@elsewhere.example', displayName: 'Ada Lovelace' });
}
