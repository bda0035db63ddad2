import { z } from 'zod';
import { instantOut } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** What the answering process says of itself: how it fares, and by which settings it runs. */

const healthOut = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    reason: z.string().nullable().meta({ description: 'Why no requests can be served.' }),
    version: z.string(),
    started_at: instantOut,
    database: z.object({ kind: z.enum(['embedded', 'postgresql']), status: z.enum(['ok', 'away']) }),
    journal: z.object({
      unstored_rows: z.int().meta({ description: 'Settled requests that are not in the database yet.' }),
      unstored_bytes: z.int(),
      oldest_unstored_ms: z.int(),
      rejected_rows: z.int().meta({ description: 'Rows the database refused, set aside in the data directory.' }),
      file_bytes: z.int(),
      bytes_max: z.int().meta({ description: 'Where requests that cost money begin to be refused.' }),
    }),
    requests_in_flight: z.int(),
    cooling_deployments: z
      .array(z.object({ deployment_id: z.string(), until: instantOut }))
      .meta({ description: 'Those that rest after failures.' }),
    in_memory: z.object({ organizations: z.int(), keys: z.int(), counters: z.int() }),
  })
  .meta({ id: 'Health', description: 'Of the process that answers.' });

export const health = route({
  summary: 'How the answering process fares',
  description: '`/health/live` and `/health/ready` say the least of it without a token.',
  permission: 'platform.read',
  response: healthOut,
  load: load.platform,
  handle: async (call) => {
    const facts = call.deps.process.health();
    return {
      status: facts.notReady === null ? ('ready' as const) : ('not_ready' as const),
      reason: facts.notReady,
      version: facts.version,
      started_at: new Date(facts.startedAtMs).toISOString(),
      database: facts.database,
      journal: {
        unstored_rows: facts.unstored.rows,
        unstored_bytes: facts.unstored.bytes,
        oldest_unstored_ms: Math.round(facts.unstored.ageMs),
        rejected_rows: facts.rejectedRows,
        file_bytes: facts.journalBytes,
        bytes_max: facts.journalBytesMax,
      },
      requests_in_flight: facts.requestsInFlight,
      cooling_deployments: facts.cooling.map(({ deploymentId, untilMs }) => ({
        deployment_id: deploymentId,
        until: new Date(untilMs).toISOString(),
      })),
      in_memory: facts.inMemory,
    };
  },
});

const settingOut = z
  .object({
    name: z.string(),
    value: z
      .string()
      .nullable()
      .meta({ description: 'In force now. Null for a secret, which is never shown, and where there is none.' }),
    is_set: z.boolean().meta({ description: 'Somebody chose it; else it is the default.' }),
    is_secret: z.boolean(),
    default: z.string().nullable(),
    about: z.string(),
  })
  .meta({ id: 'Setting' });

export const settings = route({
  summary: 'List the settings in force',
  description: 'Settings are environment variables and flags, read at start: they are changed there and not here.',
  permission: 'platform.read',
  response: z.object({ data: z.array(settingOut), next_cursor: z.null() }),
  load: load.platform,
  handle: async (call) => ({
    data: call.deps.process.settings.map(({ name, value, isSet, isSecret, default: standard, about }) => ({
      name,
      value: isSecret || value === '' ? null : value,
      is_set: isSet,
      is_secret: isSecret,
      default: standard === '' ? null : standard,
      about,
    })),
    next_cursor: null,
  }),
});
