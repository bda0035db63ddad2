import type { Patience } from '../../src/http/node/listener.ts';
import { newKeySecret } from '../../src/lib/secrets.ts';
import { serveHouse } from '../support/served-house.ts';
import { deployment, model } from '../support/walk.ts';
import { type BadInputSite, MODELS } from './site.ts';

/** The table's gateway in this process: the product's own listener and walk, the fake provider, no database. */
export async function openHouseSite(fastLane: 'on' | 'off', patience?: Patience): Promise<BadInputSite> {
  const house = await serveHouse(
    {
      organization: { access: { mode: 'selected', targets: [MODELS.good, MODELS.embedding], accessGroups: [] } },
      targets: [
        model(MODELS.good, [deployment({ model: MODELS.good })]),
        model(MODELS.hidden, [deployment({ id: 'dep_2', model: MODELS.hidden })]),
        model(
          MODELS.embedding,
          [deployment({ id: 'dep_3', model: MODELS.embedding, upstreamModel: 'fake-embedding', mode: 'embedding' })],
          {
            mode: 'embedding',
          },
        ),
      ],
      moreKeys: [
        { access: { mode: 'restrict', targets: [], accessGroups: [] } },
        { status: { is: 'revoked' } },
        { status: { is: 'disabled' } },
        { expiresAtMs: 1 },
      ],
    },
    patience,
    fastLane,
  );
  const [good, narrowed, revoked, disabled, expired] = house.secrets as [string, string, string, string, string];
  return {
    port: house.port,
    secrets: { good, narrowed, revoked, disabled, expired, foreign: newKeySecret() },
    upstreamCalls: house.upstreamCalls,
    charged: async () => house.rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0),
    unspeakable: [import.meta.dirname],
    close: house.close,
  };
}
