/** The playground in each of its modes, with an answer. */
import { silentWav } from '../../server/src/dialects/exchange.ts';
import { type MediaModels, makeMediaModels } from './playground-media.ts';
import type { Sight } from './sight.ts';
import type { House, Page } from './support.ts';

type Mode = Parameters<MediaModels['model']>[0];
type Fill = (page: Page) => Promise<void>;

const fill = (fields: Readonly<Record<string, string>>): Fill => {
  return async (page) => {
    for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
  };
};

export function playgroundSights(): readonly Sight[] {
  return [
    sight('embedding', fill({ Text: 'Who keeps the gate?\nThe keeper of the gate.\nA river runs past it.' })),
    sight('rerank', fill({ Query: 'Who keeps the gate?', Documents: 'The river.\nThe keeper keeps the gate.\nA gate.' })),
    sight('moderation', fill({ Text: 'I will kill this process.' })),
    sight('image', fill({ Prompt: 'A gate at dawn', Pictures: '2' })),
    sight('speech', fill({ Text: 'The gate opens at seven in the morning.' })),
    sight('transcription', async (page) => {
      const file = { name: 'meeting.wav', mimeType: 'audio/wav', buffer: silentWav(160_000) };
      await page.locator('input[type=file]').setInputFiles(file);
    }),
  ];
}

function sight(mode: Mode, enter: Fill): Sight {
  return {
    name: `playground-${mode}`,
    address: '/playground',
    open: async (page: Page, house: House) => {
      const { keyId, model } = await makeMediaModels(house);
      await page.goto(`${house.url}/playground?key=${keyId}&model=${model(mode)}`);
      await page.getByRole('button', { name: 'Send', exact: true }).waitFor();
      await enter(page);
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await page.getByTestId('answer').waitFor();
      await page.getByText('Cost', { exact: true }).waitFor();
    },
  };
}
