import { z } from 'zod';
import { originOf } from '../../domain/presets/own-preset.ts';
import { PRESETS_MAX, type Preset } from '../../domain/presets/preset.ts';
import { readPreset } from '../../domain/presets/read-preset.ts';
import type { PresetRow } from '../../store/catalogue/presets.ts';
import * as presets from '../../store/catalogue/presets.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { requireVersion } from '../http/if-match.ts';
import { pageOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { shippedById } from './known-presets.ts';
import { createBody, factsOf, type PresetSettings, patchBody } from './preset-fields.ts';
import { presetOut, viewPreset, viewPresets } from './preset-view.ts';

/** Presets: vendors that speak a known API, as data. Those of this version are shown and never change; people may add others. */

const params = z.object({ id: text(40, 1) });

export const list = route({
  summary: 'List presets',
  description: 'Returns every preset: those of this version, and those that people added.',
  permission: 'platform.read',
  response: pageOut(presetOut),
  load: load.platform,
  handle: async (call) => {
    const data = await viewPresets(call);
    return { data, next_cursor: null, total: data.length };
  },
});

export const create = route({
  summary: 'Add a preset',
  description: `Adds a vendor that speaks a known API. It counts at once on all replicas. There are at most ${PRESETS_MAX}. Returns 400 for a base URL with a private or metadata address, and 409 for the id of another preset.`,
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: presetOut,
  load: load.platform,
  handle: async (call) => {
    const preset = presetFrom(call, call.body);
    await changeCatalogue(call, async ({ tx, now, record, touch }) => {
      if (shippedById(call.deps.upstream, preset.id) !== undefined || (await presets.find(tx, preset.id)) !== null)
        throw conflict(`There is a preset with the id ${preset.id} already.`);
      if ((await presets.all(tx)).length >= PRESETS_MAX)
        throw conflict(`There are ${PRESETS_MAX} presets, the most allowed. Delete one first.`);
      const row = await presets.insert(tx, preset.id, factsOf(preset), now);
      await record({ ...eventOf(row, preset), action: 'preset.create', before: null, after: factsOf(preset) });
      await touchUsers(tx, touch, preset.id);
    });
    return viewPreset(call, preset.id);
  },
});

export const read = route({
  summary: 'Get a preset',
  description: 'Returns one preset with the number of credentials and deployments that use it.',
  permission: 'platform.read',
  params,
  response: presetOut,
  load: loadPreset,
  handle: (call, id) => viewPreset(call, id),
});

export const update = route({
  summary: 'Change a preset',
  description:
    'A field that is given replaces the stored one. Presets of this version never change. While a credential of the platform uses the preset, the scheme, host and port of its base URL cannot change (409), because secrets are sent only to the address that they were given for. Own credentials of organizations do not stop such a change: they are not used until their secret is given again. Another path also counts for the credentials that have the preset’s address.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params,
  body: patchBody,
  response: presetOut,
  load: loadPreset,
  handle: async (call, id) => {
    await changeCatalogue(call, (made) => applyPatch(call, made, id));
    return viewPreset(call, id);
  },
});

export const remove = route({
  summary: 'Delete a preset',
  description:
    'Returns 409 for a preset of this version, and while a credential or a deployment of the platform uses the preset. Own deployments of organizations that use it are out of service then.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params,
  status: 204,
  response: z.undefined(),
  load: loadPreset,
  handle: async (call, id) => {
    await changeCatalogue(call, async ({ tx, record, touch }) => {
      const row = await lockAdded(call, tx, id);
      requireVersion(call, row.version);
      const used = (await presets.usage(tx)).get(id);
      if (used !== undefined && used.credentials + used.deployments > 0)
        throw conflict(
          `${counted(used.credentials, 'credential')} and ${counted(used.deployments, 'deployment')} use this preset. Delete them first.`,
        );
      await presets.remove(tx, id);
      await record({ ...eventOf(row, null), action: 'preset.delete', before: row.definition, after: null });
      await touchUsers(tx, touch, id);
    });
    return undefined;
  },
});

async function applyPatch(call: AdminCall<unknown, unknown, PresetSettings>, made: Change, id: string): Promise<void> {
  const { tx, now, record, touch } = made;
  const row = await lockAdded(call, tx, id);
  requireVersion(call, row.version);
  const preset = presetFrom(call, { ...row.definition, ...call.body });
  const [before, after] = [row.definition, factsOf(preset)];
  if (isUnchanged(before, after)) return;
  await moveAddress(made, id, { from: String(before.base_url), to: preset.baseUrl });
  const updated = await presets.update(tx, id, after, now);
  await record({ ...eventOf(updated, preset), action: 'preset.update', before, after });
  await touchUsers(tx, touch, id);
}

/** Reloads what reads a preset: the catalogue, and the organizations with own credentials of it. */
async function touchUsers(tx: Change['tx'], touch: Change['touch'], id: string): Promise<void> {
  touch({ catalogue: true, organizationIds: [...(await presets.ownersOf(tx, id))] });
}

/**
 * Gives credentials the new path of their preset. Throws 409 for another origin while a credential of the platform was given a
 * secret for it. Those of organizations do not stop the platform: they are not used until their secret is given again.
 */
async function moveAddress({ tx, now }: Change, provider: string, { from, to }: { from: string; to: string }): Promise<void> {
  if (from === to) return;
  const used = (await presets.usage(tx)).get(provider)?.credentials ?? 0;
  if (used > 0 && originOf(from) !== originOf(to))
    throw conflict(
      `${counted(used, 'credential')} of this preset ${used === 1 ? 'has' : 'have'} a secret for ${originOf(from)}. Delete ${used === 1 ? 'it' : 'them'} first, or add another preset for the new address.`,
    );
  if (originOf(from) === originOf(to)) await presets.moveCredentials(tx, { provider, from, to }, now);
}

/** Reads a preset as it would be stored. Throws 400 with the field at fault. */
function presetFrom(call: AdminCall<unknown, unknown, unknown>, definition: object): Preset {
  const read = readPreset(definition, call.deps.upstream.checkBaseUrl);
  if ('fault' in read) throw invalid(`/${read.fault.field}`, read.fault.words);
  return read.preset;
}

async function loadPreset(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<string>> {
  const { id } = call.params;
  if ((await presets.find(call.deps.db, id)) === null && shippedById(call.deps.upstream, id) === undefined)
    throw notFound('preset');
  return { place: { organizationId: null }, object: id };
}

/** Locks a preset that people added. Throws 409 for one of this version. */
async function lockAdded(call: AdminCall<unknown, unknown, unknown>, tx: Change['tx'], id: string): Promise<PresetRow> {
  const row = await presets.lock(tx, id);
  if (row !== null) return row;
  if (shippedById(call.deps.upstream, id) === undefined) throw notFound('preset');
  throw conflict('This preset comes with the version of the gateway, and never changes. Add one with another id.');
}

function eventOf({ id }: PresetRow, preset: Preset | null) {
  return { organizationId: null, objectType: 'preset', objectId: id, objectName: preset?.name ?? id };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
