/** Steps of logging a program in. */
import { expect, type House, type Page } from './support.ts';

/** Posts a form to the token endpoints, as a program does. Returns the answer, whatever its status. */
export async function postOauth({ url }: Pick<House, 'url'>, path: string, fields: Record<string, string>) {
  const answer = await fetch(`${url}/v1/oauth/${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  return (await answer.json()) as Record<string, string>;
}

/** Asks for the tokens of a device, by what the gateway answered when it asked for its code. */
export function postDeviceCode(house: Pick<House, 'url'>, { device_code = '' }: Record<string, string>) {
  return postOauth(house, 'token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code });
}

/** The only team is chosen already; with several the person chooses. */
export async function chooseTeam(page: Page): Promise<void> {
  const team = page.getByRole('combobox', { name: 'Team' });
  await expect(team).toBeVisible();
  if ((await team.inputValue()) !== '') return;
  await team.click();
  await page.getByRole('option').first().click();
}
