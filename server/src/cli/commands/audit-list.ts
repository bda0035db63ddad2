import type { Json } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { listRows } from '../list-pages.ts';
import { type Column, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

const COLUMNS: readonly Column[] = [
  ['at', (row) => row.at],
  ['organization', (row) => row.organization_name ?? 'platform'],
  ['who', (row) => (row.actor as Json).name],
  ['action', (row) => row.action],
  ['object', (row) => (row.object as Json).name ?? (row.object as Json).id],
  ['reason', (row) => row.reason],
];

const FILTERS = [
  { name: 'organization', value: 'id or slug', about: 'only events of this organization' },
  { name: 'scope', value: 'scope', about: 'only events of this kind: platform or organizations' },
  { name: 'actor', value: 'id', about: 'only events by this account or token' },
  { name: 'action', value: 'action', about: 'only this action, such as key.revoke' },
  { name: 'object-type', value: 'type', about: 'only events about this kind of object, such as key' },
  { name: 'object', value: 'id', about: 'only events about this object' },
  { name: 'from', value: 'instant', about: 'only events since then, such as 2030-01-31T00:00:00Z' },
  { name: 'to', value: 'instant', about: 'only events before then' },
] as const;

/** Lists the newest audit events of all organizations that the caller may audit. */
export const list: Command = {
  words: ['audit', 'list'],
  summary: 'list audit events of all organizations, newest first',
  operands: [],
  flags: [
    ...FILTERS,
    { name: 'search', value: 'text', about: 'only events with this text in the action, the reason, a name or an id' },
    { name: 'limit', value: 'n', about: 'most rows to list (default: 50)' },
  ],
  run: async (given, session) => {
    printRows(session, {}, await listRows(given, session, '/audit-events/all', await filtersOf(given, session)), COLUMNS);
  },
};

async function filtersOf(given: Given, session: Session) {
  const named = given.flag('organization');
  return {
    organization_id: named === undefined ? undefined : await organizationId(session.api, named),
    scope: given.flag('scope'),
    actor_id: given.flag('actor'),
    action: given.flag('action'),
    object_type: given.flag('object-type'),
    object_id: given.flag('object'),
    from: given.flag('from'),
    to: given.flag('to'),
  };
}
