/** The rows of usage, requests, search, alerts, jobs and the process. */
import {
  alertRuleBody,
  alertRulePath,
  at,
  batchPath,
  deliveryPath,
  filePath,
  made,
  mailBody,
  mailPath,
  mailsPath,
  namesPath,
  organization,
  sentPath,
  viewBody,
  viewPath,
  webhookBody,
  webhookPath,
} from './authorization-calls.ts';
import { type Row, row, SPEND, TEAMS } from './authorization-rows.ts';
import {
  EVERYONE,
  ORGANIZATION_MANAGE,
  ORGANIZATION_SPEND,
  ORGANIZATION_TOTALS,
  PLATFORM_CHANGE,
  PLATFORM_READ,
  type PlaceName,
  SPENDERS,
  TEAM_ADMINS,
  TEAM_SPEND,
  TOKEN_MANAGERS,
} from './authorization-table.ts';
import type { Markers } from './authorization-world.ts';

/** The palette finds at most a few of a kind, so it is asked for one object by its id. */
function search(marker: keyof Markers, place: PlaceName): Row {
  return row('GET /search', EVERYONE, ({ world }) => `/search?q=${world.markers[place][marker]}`, {
    variant: `${marker} of ${place}`,
    sees: { marker, places: TEAMS, within: place },
  });
}

/** A month that has begun wherever the clock of the world stands. */
const thisMonth = () => new Date().toISOString().slice(0, 7);

export const usageRows: readonly Row[] = [
  row('GET /usage', SPENDERS, at('/usage?group_by=key'), { sees: { marker: 'keyId', places: SPEND } }),
  row('GET /usage/export', SPENDERS, at('/usage/export?group_by=key'), { sees: { marker: 'keyId', places: SPEND } }),
  row('GET /organizations/:id/usage', ORGANIZATION_SPEND, organization('/usage')),
  row('GET /organizations/:id/statements', ORGANIZATION_TOTALS, organization('/statements')),
  row('GET /organizations/:id/statements/:month', ORGANIZATION_TOTALS, organization(`/statements/${thisMonth()}`)),
  row('GET /organizations/:id/statements/:month/export', ORGANIZATION_TOTALS, organization(`/statements/${thisMonth()}/export`)),
  row('GET /requests', SPENDERS, at('/requests?limit=200'), { sees: { marker: 'requestId', places: SPEND } }),
  row('GET /requests/export', SPENDERS, at('/requests/export'), { sees: { marker: 'requestId', places: SPEND } }),
  row('GET /requests/stream', SPENDERS, at('/requests/stream')),
  row('GET /requests/:request_id', TEAM_SPEND, ({ world, place }) => `/requests/${world.markers[place].requestId}`),
  row('GET /decisions/:request_id', TEAM_SPEND, ({ world, place }) => `/decisions/${world.markers[place].requestId}`),
  row('GET /organizations/:id/files', ORGANIZATION_SPEND, organization('/files')),
  row('DELETE /organizations/:id/files/:file_id', TEAM_ADMINS, filePath),
  row('GET /organizations/:id/batches', ORGANIZATION_SPEND, organization('/batches')),
  row('GET /organizations/:id/batches/:batch_id', TEAM_SPEND, batchPath('')),
  row('POST /organizations/:id/batches/:batch_id/cancel', TEAM_ADMINS, batchPath('/cancel')),

  row('GET /overview', SPENDERS, at('/overview')),
  ...(['teamId', 'memberId', 'keyId', 'ownKeyId'] as const).flatMap((marker) => [
    search(marker, 'own'),
    search(marker, 'team'),
    search(marker, 'other'),
  ]),
  row('GET /roles', EVERYONE, at('/roles')),
  row('GET /names', EVERYONE, ({ world }) => namesPath(world), { sees: { marker: 'keyId', places: TEAMS } }),
  row('POST /playground', TEAM_ADMINS, ({ world, place }) => {
    const body = { model: world.model, messages: [{ role: 'user', content: 'Hi.' }] };
    return made('/playground', { key_id: world.markers[place].keyId, path: '/v1/chat/completions', body });
  }),

  row('GET /saved-views', EVERYONE, at('/saved-views')),
  row('POST /saved-views', EVERYONE, ({ world }) => made('/saved-views', viewBody(world))),
  row('PATCH /saved-views/:id', EVERYONE, async (asking) => made(await viewPath(asking), { name: asking.world.fresh() })),
  row('DELETE /saved-views/:id', EVERYONE, viewPath),
  row('GET /organizations/:id/scheduled-mails', ORGANIZATION_TOTALS, organization('/scheduled-mails')),
  row('POST /organizations/:id/scheduled-mails', ORGANIZATION_TOTALS, async (asking) =>
    made(await mailsPath(asking), mailBody(asking.world)),
  ),
  row('PATCH /scheduled-mails/:id', ORGANIZATION_TOTALS, async (asking) => made(await mailPath(asking), { hour: 9 })),
  row('DELETE /scheduled-mails/:id', ORGANIZATION_TOTALS, (asking) => mailPath(asking)),
  row('POST /scheduled-mails/:id/test', ORGANIZATION_TOTALS, (asking) => mailPath(asking, '/test')),
  row('GET /alerts', SPENDERS, at('/alerts')),
  row('GET /alerts/:id/deliveries', ORGANIZATION_MANAGE, sentPath),
  row('GET /alert-rules', TOKEN_MANAGERS, at('/alert-rules')),
  row('POST /alert-rules', ORGANIZATION_MANAGE, ({ world, place }) => made('/alert-rules', alertRuleBody(world, place))),
  row('GET /alert-rules/:id', ORGANIZATION_MANAGE, (asking) => alertRulePath(asking, '')),
  row('PATCH /alert-rules/:id', ORGANIZATION_MANAGE, async (asking) =>
    made(await alertRulePath(asking, ''), { name: asking.world.fresh() }),
  ),
  row('DELETE /alert-rules/:id', ORGANIZATION_MANAGE, (asking) => alertRulePath(asking, '')),
  row('POST /alert-rules/:id/test', ORGANIZATION_MANAGE, async (asking) => {
    const path = await alertRulePath(asking, '');
    const hook = await asking.world.root('POST', '/webhooks', webhookBody(asking.world, asking.place));
    await asking.world.root('PATCH', path, { webhook_ids: [hook.id] });
    return `${path}/test`;
  }),
  row('GET /webhooks', TOKEN_MANAGERS, at('/webhooks')),
  row('POST /webhooks', ORGANIZATION_MANAGE, ({ world, place }) => made('/webhooks', webhookBody(world, place))),
  row('GET /webhooks/:id', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '')),
  row('PATCH /webhooks/:id', ORGANIZATION_MANAGE, async (asking) =>
    made(await webhookPath(asking, ''), { name: asking.world.fresh() }),
  ),
  row('DELETE /webhooks/:id', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '')),
  row('POST /webhooks/:id/rotate', ORGANIZATION_MANAGE, async (asking) => made(await webhookPath(asking, '/rotate'), {})),
  row('POST /webhooks/:id/test', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '/test')),
  row('GET /webhooks/:id/deliveries', ORGANIZATION_MANAGE, (asking) => webhookPath(asking, '/deliveries')),
  row('POST /webhooks/:id/deliveries/:delivery_id/redeliver', ORGANIZATION_MANAGE, deliveryPath),
  row('GET /jobs', PLATFORM_READ, at('/jobs')),
  row('GET /jobs/drifts', PLATFORM_READ, at('/jobs/drifts')),
  row('GET /mirror-copies', PLATFORM_READ, at('/mirror-copies?from=2026-01-01T00:00:00Z')),
  row('GET /ledger/review', PLATFORM_READ, at('/ledger/review?since=2026-01-01T00:00:00Z')),
  row('POST /jobs/:name/run', PLATFORM_CHANGE, at('/jobs/partitions/run')),

  row('GET /health', PLATFORM_READ, at('/health')),
  row('GET /settings', PLATFORM_READ, at('/settings')),
];
