import { z } from 'zod';
import { instantOut } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** The health and the settings of the answering process. */

const healthOut = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    reason: z.string().nullable().meta({ description: 'The reason that the process cannot serve requests. Null if it can.' }),
    version: z.string(),
    started_at: instantOut,
    database: z.object({
      kind: z.enum(['embedded', 'postgresql']),
      status: z.enum(['ok', 'away']).meta({ description: '`away`: the database cannot be reached. Rows wait in the journal.' }),
    }),
    journal: z.object({
      unstored_rows: z.int().meta({ description: 'Settled requests that are not in the database yet.' }),
      unstored_bytes: z.int(),
      oldest_unstored_ms: z.int(),
      rejected_rows: z.int().meta({ description: 'Rows that the database refused. They are kept in the data directory.' }),
      file_bytes: z.int(),
      bytes_max: z.int().meta({ description: 'The size at which the process begins to refuse requests that cost money.' }),
    }),
    requests_in_flight: z.int(),
    cooling_deployments: z
      .array(z.object({ deployment_id: z.string(), until: instantOut }))
      .meta({ description: 'Deployments that are not tried until `until`, because their calls failed.' }),
    in_memory: z.object({ organizations: z.int(), keys: z.int(), counters: z.int() }),
    caller_address: z.string().meta({
      description: 'Your address as the process sees it: of the connection, or what a proxy in `HEADGATE_TRUSTED_PROXIES` says.',
    }),
  })
  .meta({ id: 'Health', description: 'The health of the process that answers.' });

export const health = route({
  summary: 'Get process health',
  description:
    '`/health/live` and `/health/ready` report the status without a token. This route also answers while the database is away, for callers who used the API at most 15 minutes before.',
  permission: 'platform.read',
  response: healthOut,
  needsNoDatabase: true,
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
      caller_address: call.raw.ip,
    };
  },
});

const settingOut = z
  .object({
    name: z.string(),
    value: z
      .string()
      .nullable()
      .meta({ description: 'The value in force. Null for a secret, which is never shown, and if there is no value.' }),
    is_set: z.boolean().meta({ description: 'True if the value was set; false if it is the default.' }),
    is_secret: z.boolean(),
    default: z.string().nullable(),
    about: z.string(),
  })
  .meta({ id: 'Setting' });

export const settings = route({
  summary: 'List the settings in force',
  description: 'Settings are environment variables and flags, read at start. The API cannot change them.',
  permission: 'platform.read',
  response: z.object({ data: z.array(settingOut), next_cursor: z.string().nullable() }),
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
