import { z } from 'zod';
import { riskyParts, SETTINGS_BYTES_MAX, type Settings } from '../../domain/logins/managed-settings.ts';
import * as managed from '../../store/logins/managed-settings.ts';
import { dryRunQuery } from '../access/effect.ts';
import type { AdminCall } from '../http/call.ts';
import { change, Rehearsed } from '../http/change.ts';
import { idParams, instantOut, isoOf } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';

/** The managed settings that Claude Code fetches: of an organization, and of its teams. The organization's win. */

const DEPTH_MAX = 32;
const settings = z.record(z.string().max(200), z.unknown()).meta({
  description: `The content of Claude Code’s managed-settings.json, at most ${SETTINGS_BYTES_MAX} bytes and ${DEPTH_MAX} levels.`,
  examples: [{ permissions: { deny: ['WebFetch'] } }],
});
const risky = z.array(
  z.object({
    path: z.string(),
    why: z.enum(['runs_command', 'sets_environment', 'loosens_permissions']),
  }),
);
const settingsOut = z
  .object({
    settings: z.record(z.string(), z.unknown()).nullable().meta({ description: 'Null: none are set here.' }),
    risky: risky.meta({
      description: 'Parts that run programs on people’s machines, set their environment, or loosen permissions; at most 100.',
    }),
    version: z.int(),
    updated_at: instantOut.nullable(),
    updated_by: z.string().nullable(),
  })
  .meta({ id: 'ManagedSettings' });
const effectOut = z
  .object({
    effect: z.object({
      risky_added: risky.meta({ description: 'Such parts that the change adds.' }),
      fields_changed: z.array(z.string()).meta({ description: 'The names at the top that change, at most 100.' }),
    }),
  })
  .meta({ id: 'ManagedSettingsEffect' });
const body = z.strictObject({ settings });

interface Place extends managed.SettingsPlace {
  readonly name: string;
}

const ofOrganization = {
  params: idParams,
  load: async (call: AdminCall<{ id: string }, unknown, unknown>) => {
    const { place, object } = await load.organization(call);
    return { place, object: { organizationId: object.id, teamId: '', name: object.name } satisfies Place };
  },
};
const ofTeam = {
  params: idParams,
  load: async (call: AdminCall<{ id: string }, unknown, unknown>) => {
    const { place, object } = await load.team(call);
    return { place, object: { organizationId: object.organizationId, teamId: object.id, name: object.name } satisfies Place };
  },
};

const READ = {
  summary: 'Get the managed settings of Claude Code',
  description: 'Returns the settings of this place alone. Claude Code gets the organization’s and the team’s together.',
  response: settingsOut,
  handle: (call: AdminCall<unknown, unknown, unknown>, place: Place) => readAt(call, place),
};
const REPLACE = {
  summary: 'Set the managed settings of Claude Code',
  description:
    'Whoever is logged in gets them at the next fetch, about once an hour. A team’s fields give way to the organization’s. A dry run tells which parts run programs.',
  takesIfMatch: true,
  query: dryRunQuery,
  body,
  response: settingsOut,
  rehearsal: effectOut,
} as const;
const REMOVE = {
  summary: 'Delete the managed settings of Claude Code',
  description: 'Machines keep the settings that they have until their next fetch.',
  status: 204,
  response: z.void(),
} as const;

export const readOrganization = route({ ...READ, ...ofOrganization, permission: 'organization.read' });
export const readTeam = route({ ...READ, ...ofTeam, permission: 'teams.read' });
export const replaceOrganization = route({
  ...REPLACE,
  ...ofOrganization,
  permission: 'identity.manage',
  handle: (call, place) => replaceAt(call, place),
});
export const replaceTeam = route({
  ...REPLACE,
  ...ofTeam,
  permission: 'teams.manage',
  handle: (call, place) => replaceAt(call, place),
});
export const removeOrganization = route({
  ...REMOVE,
  ...ofOrganization,
  permission: 'identity.manage',
  handle: (call, place) => removeAt(call, place),
});
export const removeTeam = route({
  ...REMOVE,
  ...ofTeam,
  permission: 'teams.manage',
  handle: (call, place) => removeAt(call, place),
});

async function readAt(call: AdminCall<unknown, unknown, unknown>, place: Place): Promise<z.output<typeof settingsOut>> {
  return view(await managed.find(call.deps.db, place));
}

type ReplaceCall = AdminCall<unknown, z.output<typeof dryRunQuery>, z.output<typeof body>>;

async function replaceAt(call: ReplaceCall, place: Place): Promise<z.output<typeof settingsOut>> {
  const wanted = call.body.settings as Settings;
  requireBounds(wanted);
  return change(call, async ({ tx, now, record }) => {
    const before = await managed.lock(tx, place);
    requireVersion(call, before?.version ?? 0);
    if (call.query.dry_run === true) throw new Rehearsed({ effect: effectOf(before?.settings ?? {}, wanted) });
    const row = await managed.put(tx, place, { settings: wanted, by: call.actor.name, now });
    await record({
      ...eventOf(place),
      action: 'managed_settings.replace',
      before: before === null ? null : { settings: before.settings },
      after: { settings: row.settings },
    });
    return view(row);
  });
}

async function removeAt(call: AdminCall<unknown, unknown, unknown>, place: Place): Promise<void> {
  await change(call, async ({ tx, record }) => {
    const before = await managed.lock(tx, place);
    if (before === null) return;
    await managed.remove(tx, place);
    await record({ ...eventOf(place), action: 'managed_settings.delete', before: { settings: before.settings }, after: null });
  });
}

function eventOf({ organizationId, teamId, name }: Place) {
  const objectId = teamId === '' ? organizationId : teamId;
  return { organizationId, objectType: 'managed_settings', objectId, objectName: name };
}

function requireBounds(value: Settings): void {
  if (depthOf(value, 0) > DEPTH_MAX) throw invalid('/settings', `must have at most ${DEPTH_MAX} levels`);
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > SETTINGS_BYTES_MAX)
    throw invalid('/settings', `must have at most ${SETTINGS_BYTES_MAX} bytes as JSON`);
  // PostgreSQL cannot keep these characters in JSON.
  if (text.includes('\\u0000') || !text.isWellFormed() || /\\ud[89a-f]/i.test(text))
    throw invalid('/settings', 'must not contain NUL characters or halves of surrogate pairs');
}

/** Returns the number of levels, counting no further than one above the most. */
function depthOf(value: unknown, at: number): number {
  if (typeof value !== 'object' || value === null || at > DEPTH_MAX) return at;
  let deepest = at + 1;
  for (const part of Object.values(value)) deepest = Math.max(deepest, depthOf(part, at + 1));
  return deepest;
}

function effectOf(before: Settings, after: Settings): z.output<typeof effectOut>['effect'] {
  const known = new Set(riskyParts(before).map((part) => partText(part.path, before)));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return {
    risky_added: riskyParts(after).filter((part) => !known.has(partText(part.path, after))),
    fields_changed: names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).slice(0, 100),
  };
}

/** Returns a part with its value, so that a changed command counts as a new one. */
function partText(path: string, settings: Settings): string {
  const dot = path.indexOf('.');
  const outer = settings[dot < 0 ? path : path.slice(0, dot)];
  const value = dot < 0 ? outer : (outer as Settings | undefined)?.[path.slice(dot + 1)];
  return `${path} ${JSON.stringify(value)}`;
}

function view(row: managed.ManagedSettingsRow | null): z.output<typeof settingsOut> {
  if (row === null) return { settings: null, risky: [], version: 0, updated_at: null, updated_by: null };
  return {
    settings: { ...row.settings },
    risky: [...riskyParts(row.settings)],
    version: row.version,
    updated_at: isoOf(row.updatedAt),
    updated_by: row.updatedBy,
  };
}
