import { z } from 'zod';
import { AUDIT_OBJECT_TYPES } from '../../domain/audit/object-types.ts';
import { type AuditEvent, type ChainedEvent, type EventFilter, PLATFORM_CHAIN } from '../../store/audit/audit.ts';
import { csvLine } from '../exports/csv.ts';
import { id, instant, instantOut, isoOf } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';
import { text } from '../http/schemas.ts';

/** The API view of an audit event, as JSON, as a line of JSON and as a line of CSV. */

export const eventOut = z
  .object({
    seq: z.int().meta({ description: 'The position in the chain, from 1 without gaps.' }),
    at: instantOut,
    organization_id: z
      .string()
      .nullable()
      .meta({ description: 'The organization of the chain. Null for the platform’s own chain.' }),
    actor: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
    action: z.string(),
    object: z.object({ type: z.string(), id: z.string(), name: z.string().nullable() }),
    before: z.unknown(),
    after: z.unknown(),
    reason: z.string().nullable(),
    ip: z.string().nullable(),
    request_id: z.string().nullable(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' });

/** The filters of events that every list takes. */
export const eventFilters = {
  object_type: text(64)
    .optional()
    .meta({
      description: `The kind of object: ${AUDIT_OBJECT_TYPES.map((type) => `\`${type}\``).join(', ')}. Earlier versions recorded others too.`,
    }),
  object_id: text(200).optional(),
  actor_id: id.optional(),
  action: text(64).optional(),
  from: instant.optional(),
  to: instant.optional(),
};
const eventQuery = z.object(eventFilters);

/** Returns the filter as the store takes it. Throws 400 if the range ends before it begins. */
export function filterFrom(query: z.output<typeof eventQuery>): EventFilter {
  const filter = {
    objectType: query.object_type,
    objectId: query.object_id,
    actorId: query.actor_id,
    action: query.action,
    from: dateOf(query.from),
    to: dateOf(query.to),
  };
  if (filter.from !== undefined && filter.to !== undefined && filter.from > filter.to)
    throw invalid('?from', 'must not be after `to`');
  return filter;
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

/** Renders an event with everything that is needed to verify its chain. */
export function jsonLineOf({ chain, prevHash, hash, mac, ...facts }: ChainedEvent): string {
  const event = { ...facts, organizationId: chain === PLATFORM_CHAIN ? null : chain, hash: hash.toString('hex') } as AuditEvent;
  return `${JSON.stringify({ ...viewEvent(event), previous_hash: prevHash.toString('hex'), mac: mac?.toString('hex') ?? null })}\n`;
}

export const CSV_HEAD = [
  'seq',
  'at',
  'organization_id',
  'actor_kind',
  'actor_id',
  'actor_name',
  'action',
  'object_type',
  'object_id',
].concat(['object_name', 'before', 'after', 'reason', 'ip', 'request_id', 'hash']);

export function csvLineOf(row: ChainedEvent): string {
  const { seq, actorKind, actorId, actorName, action, objectType, objectId, objectName, reason, ip, requestId } = row;
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const who = [actorKind, actorId, actorName, action, objectType, objectId, objectName];
  const what = [json(row.before), json(row.after), reason, ip, requestId, row.hash.toString('hex')];
  return csvLine([seq, isoOf(row.at), row.chain === PLATFORM_CHAIN ? null : row.chain, ...who, ...what]);
}

export function viewEvent(event: AuditEvent): z.output<typeof eventOut> {
  return {
    seq: event.seq,
    at: isoOf(event.at),
    organization_id: event.organizationId,
    actor: { kind: event.actorKind, id: event.actorId, name: event.actorName },
    action: event.action,
    object: { type: event.objectType, id: event.objectId, name: event.objectName },
    before: event.before,
    after: event.after,
    reason: event.reason,
    ip: event.ip,
    request_id: event.requestId,
    hash: event.hash,
  };
}
