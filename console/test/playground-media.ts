/** Models of every mode that is no chat, from the provider on this machine, and a key that may call them. */
import type { House } from './support.ts';

const PRICES = {
  embedding: { input_per_million: '1.00' },
  rerank: { input_per_million: '0', per_unit: { search_unit: '0.002' } },
  moderation: { input_per_million: '0' },
  image: { input_per_million: '5.00', output_per_million: '40.00' },
  speech: { input_per_million: '0', per_unit: { character: '0.00003' } },
  transcription: { input_per_million: '0', per_unit: { second_input: '0.0001' } },
  completion: { input_per_million: '1.00', output_per_million: '2.00' },
} as const;

interface Made {
  readonly id: string;
}

export interface MediaModels {
  readonly keyId: string;
  readonly teamId: string;
  /** Returns the name of the model of a mode. */
  model(mode: keyof typeof PRICES): string;
}

/** Makes them in an organization of their own. */
export async function makeMediaModels(house: House): Promise<MediaModels> {
  const prefix = `media-${Date.now()}`;
  const model = (mode: keyof typeof PRICES) => `${prefix}-${mode}`;
  for (const [mode, prices] of Object.entries(PRICES)) {
    const upstream_model = mode === 'completion' ? 'fake-small' : `fake-${mode}`;
    const body = { model: model(mode as keyof typeof PRICES), provider: 'fake', upstream_model, mode, prices };
    await house.api('POST', '/deployments', body);
  }
  const organization = { slug: prefix, name: 'Media House', asset_access: { mode: 'all' } };
  const { id } = await house.api<Made>('POST', '/organizations', organization);
  const team = await house.api<Made>('POST', `/organizations/${id}/teams`, { name: 'Studio' });
  const key = await house.api<Made>('POST', '/keys', { team_id: team.id, name: 'studio' });
  return { keyId: key.id, teamId: team.id, model };
}
