import { z } from 'zod';
import type { Preset } from '../../domain/presets/preset.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import * as presets from '../../store/catalogue/presets.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf } from '../http/fields.ts';
import { notFound } from '../http/problem.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { presetOf } from './known-presets.ts';
import { factsOf, presetFieldsOut } from './preset-fields.ts';

/** Presets as the API shows them. */

export const presetOut = z
  .object({
    ...presetFieldsOut,
    source: z
      .enum(['shipped', 'added'])
      .meta({ description: '`shipped`: it comes with this version, and never changes. `added`: people added it.' }),
    is_proven: z.boolean().meta({
      description:
        'True if a recorded answer of this vendor shows that chats work. Of a preset that people added nothing is known.',
    }),
    is_readable: z.boolean().meta({
      description:
        'False if a later version wrote the preset. Its deployments are out of service here, and its other fields are empty.',
    }),
    credential_count: z.int().meta({ description: 'The number of the platform’s credentials of it.' }),
    deployment_count: z.int().meta({ description: 'The number of the platform’s deployments of it.' }),
    own_credential_count: z.int().meta({ description: 'The number of credentials of it that organizations brought.' }),
    capabilities,
    version: z.int().nullable().meta({ description: 'Null for a preset of this version of the gateway.' }),
    created_at: instantOut.nullable(),
    updated_at: instantOut.nullable(),
  })
  .meta({ id: 'Preset' });
type PresetOut = z.output<typeof presetOut>;

/** Returns every preset: the shipped ones in the order of their file, and then the others by their ids. */
export async function viewPresets(call: AdminCall): Promise<PresetOut[]> {
  const { db, upstream } = call.deps;
  const rows = await presets.all(db);
  const used = await presets.usage(db);
  const added = new Set(rows.map(({ id }) => id));
  const view = (row: presets.PresetRow | null, preset: Preset | null, id: string): PresetOut => ({
    ...(preset === null ? { ...UNREAD, id, name: id } : factsOf(preset)),
    source: row === null ? 'shipped' : 'added',
    is_proven: row === null && upstream.provenPresets.has(id),
    is_readable: preset !== null,
    credential_count: used.get(id)?.credentials ?? 0,
    deployment_count: used.get(id)?.deployments ?? 0,
    own_credential_count: used.get(id)?.ownCredentials ?? 0,
    capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
    version: row?.version ?? null,
    created_at: row === null ? null : isoOf(row.createdAt),
    updated_at: row === null ? null : isoOf(row.updatedAt),
  });
  return [
    ...upstream.shippedPresets.filter(({ id }) => !added.has(id)).map((preset) => view(null, preset, preset.id)),
    ...rows.map((row) => view(row, presetOf(row), row.id)),
  ];
}

export async function viewPreset(call: AdminCall, id: string): Promise<PresetOut> {
  const found = (await viewPresets(call)).find((preset) => preset.id === id);
  if (found === undefined) throw notFound('preset');
  return found;
}

const UNREAD: Omit<ReturnType<typeof factsOf>, 'id' | 'name'> = {
  ...{ base_url: '', auth: 'none', wires: {}, rename: {}, values: {}, drop: [], thinking: null, usage: { at: [] } },
  limits: { family: 'none', requests: 'minute' },
  prices: null,
};
