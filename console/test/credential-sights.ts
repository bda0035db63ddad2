/** The test of a credential: one that the provider accepts, and one that it refuses. */
import type { Sight } from './sight.ts';
import { menuOf } from './sight-steps.ts';
import type { House, Page } from './support.ts';
import { openVendor } from './vendor.ts';

export function credentialSights(): readonly Sight[] {
  return [sight('accepted', null), sight('refused', 'sk-wrong-5820Zk3Lm5Np8Rt2Vb'), CALLS];
}

function sight(ending: string, wrongKey: string | null): Sight {
  return {
    name: `credential-test-${ending}`,
    dialog: 'TestCredentialDialog: Test …',
    address: '/credentials',
    open: async (page: Page, house: House) => {
      const name = `tested-${ending}-${Date.now()}`;
      const vendor = await openVendor(['gpt-5', 'gpt-5-nano']);
      const body = { name, provider: 'openai', api_key: wrongKey ?? vendor.apiKey, base_url: vendor.baseUrl };
      await house.api('POST', '/credentials', body);
      await page.goto(`${house.url}/credentials?search=${name}`);
      await menuOf(name, 'Test with a free call')(page);
      await page
        .getByRole('dialog')
        .getByText(/^The vendor/)
        .waitFor();
      vendor.close();
    },
  };
}

/** The calls of a test of a deployment. */
const CALLS: Sight = {
  name: 'deployment-test-calls',
  dialog: 'CallsDialog: Calls of the test',
  address: '/models',
  open: async (page: Page, house: House) => {
    const name = `called-${Date.now()}`;
    const vendor = await openVendor(['gpt-5']);
    const credential = { name, provider: 'openai', api_key: vendor.apiKey, base_url: vendor.baseUrl };
    const { id: credential_id } = await house.api<{ id: string }>('POST', '/credentials', credential);
    const deployment = { model: name, provider: 'openai', upstream_model: 'gpt-5', credential_id };
    const { id } = await house.api<{ id: string }>('POST', '/deployments', deployment);
    await page.goto(`${house.url}/models/${id}`);
    await page
      .getByRole('button', { name: 'Test', exact: true })
      .or(page.getByRole('button', { name: /^Test/ }))
      .first()
      .click();
    await page.getByRole('button', { name: 'Show the calls' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Show headers and answer' }).first().click();
    vendor.close();
  },
};
