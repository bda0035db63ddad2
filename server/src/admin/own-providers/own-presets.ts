import { z } from 'zod';
import { knownPresets } from '../catalogue/known-presets.ts';
import { idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** The presets that own credentials of an organization can name. */

const ownPresetOut = z
  .object({
    id: z.string().meta({ description: 'The `provider` of own credentials and deployments.' }),
    name: z.string(),
    base_url: z.string().meta({ description: 'The address to which the secret is sent.' }),
    needs_secret: z.boolean(),
    is_proven: z.boolean().meta({ description: 'True if a recorded answer of this vendor shows that chats work.' }),
  })
  .meta({ id: 'OwnPreset' });

export const list = route({
  summary: 'List presets for own credentials',
  description:
    'Returns the presets whose address own credentials may have: those of this version, and those that the platform added. Local servers are among them only if HEADGATE_ALLOWED_OWN_UPSTREAMS lists their host.',
  permission: 'own_providers.manage',
  params: idParams,
  response: z.object({ data: z.array(ownPresetOut), next_cursor: z.string().nullable() }),
  load: load.organization,
  handle: async ({ deps }) => {
    const { checkOwnBaseUrl, provenPresets } = deps.upstream;
    const all = await knownPresets(deps, deps.db);
    const data = all
      .filter(({ preset }) => checkOwnBaseUrl(preset.baseUrl) === null)
      .map(({ preset: { id, name, baseUrl, auth }, isShipped }) => ({
        ...{ id, name, base_url: baseUrl, needs_secret: auth !== 'none' },
        is_proven: isShipped && provenPresets.has(id),
      }));
    return { data, next_cursor: null };
  },
});
