/**
 * Keeps limits by tag and end user on a footing: callers name labels, and what a caller can leave out cannot limit. A limit that refuses
 * rests on a required tag, or on `require_end_user`.
 */
import { canRefuse, type LabelLimit } from '../../domain/limits/label-limit.ts';
import type { EndUsers } from '../../domain/usage/attribution.ts';
import { labelLimitsFrom, type TagColumns } from '../../store/configuration/policy-columns.ts';
import type { Database } from '../../store/database.ts';
import {
  endUsersOf,
  type LabelledLevel,
  labelledLevels,
  lockLabels,
  noteLimitedTags,
  tagsRequiredByKeys,
} from '../../store/tenancy/label-rules.ts';
import { conflict, invalid } from '../http/problem.ts';
import { namesLabels } from './tag-fields.ts';

/** The labels of an organization, a team or a key after a change. */
interface LabelChange extends LabelledLevel {
  readonly organizationId: string;
  /** The form in which the organization stores end users, after the change. */
  readonly endUsers: EndUsers;
  /** True if the change itself states the limits. */
  readonly namesLimits: boolean;
}

/** A row of an organization, a team or a key after a change. */
interface LabelRow extends TagColumns {
  readonly id: string;
  readonly name: string;
  /** Only of keys. */
  readonly teamId?: string;
}

type LabelBody = Parameters<typeof namesLabels>[0] & { readonly end_users?: EndUsers | undefined };

/** Checks the limits by label after a change, if its body has to do with them. Throws as requireFooting does. */
export async function requireLabels(
  tx: Database,
  level: LabelledLevel['level'],
  organizationId: string,
  row: LabelRow,
  body: LabelBody,
): Promise<void> {
  if (!namesLabels(body) && body.end_users === undefined) return;
  await requireFooting(tx, {
    ...{ level, organizationId, id: row.id, name: row.name },
    ...{ teamId: level === 'organization' ? null : level === 'team' ? row.id : (row.teamId ?? '') },
    ...{ requiredTags: row.requiredTags, requireEndUser: row.requireEndUser },
    labelLimits: labelLimitsFrom(row.labelLimits),
    endUsers: body.end_users ?? (await endUsersOf(tx, organizationId)),
    namesLimits: (body.label_limits ?? null) !== null,
  });
}

/** A limit that refuses and rests on nothing. */
interface Unrested {
  readonly at: LabelledLevel;
  readonly limit: LabelLimit;
}

/**
 * Throws 400 if the change sets a limit that rests on nothing, and 409 if it takes away what another limit rests on. Both name the
 * limits. Notes the tags that limits name.
 */
async function requireFooting(tx: Database, change: LabelChange): Promise<void> {
  await lockLabels(tx, change.organizationId);
  const before = await labelledLevels(tx, change.organizationId);
  const after = [...before.filter(({ id }) => id !== change.id), change];
  requireStored(change, after);
  const tags = after.flatMap(({ labelLimits }) => labelLimits.flatMap(({ match }) => (match.is === 'tag' ? [match.tag] : [])));
  const byKeys = await tagsRequiredByKeys(tx, change.organizationId, tags, change.id);
  const unrested = after.flatMap((at) => unrestedAt(at, after, byKeys));
  const own = unrested.find(({ at }) => at.id === change.id);
  if (own !== undefined && change.namesLimits) throw invalid(pointerOf(change, own.limit), needs(own.limit));
  // What rested on nothing before, as after the deletion of a key, does not stand in the way of this change.
  const byKeysBefore = await tagsRequiredByKeys(tx, change.organizationId, tags, null);
  const known = new Set(before.flatMap((at) => unrestedAt(at, before, byKeysBefore)).map(nameOf));
  const lost = unrested.filter((one) => !known.has(nameOf(one)));
  if (lost.length > 0) {
    throw conflict(
      `${lost.map(nameOf).join(', ')} would rest on nothing, because callers could leave the label out. Change or remove these limits first, or keep what they rest on.`,
    );
  }
  await noteLimitedTags(tx, change.organizationId, change.labelLimits);
}

function requireStored({ endUsers, namesLimits, labelLimits, ...change }: LabelChange, after: readonly LabelledLevel[]): void {
  if (endUsers !== 'off') return;
  const isOfEndUsers = ({ match }: LabelLimit) => match.is === 'end_user';
  const own = labelLimits.find(isOfEndUsers);
  if (own !== undefined && namesLimits)
    throw invalid(
      pointerOf({ labelLimits }, own),
      'cannot name end users, because the organization stores nothing about them (`end_users` is "off"), and a counter of each would be that',
    );
  const held = after.flatMap((at) => at.labelLimits.filter(isOfEndUsers).map((limit) => nameOf({ at, limit })));
  if (held.length > 0 && change.level === 'organization')
    throw conflict(`${held.join(', ')} need end users, so \`end_users\` cannot be "off". Remove these limits first.`);
}

function pointerOf({ labelLimits }: Pick<LabelChange, 'labelLimits'>, limit: LabelLimit): string {
  return `/label_limits/${labelLimits.indexOf(limit)}`;
}

function needs({ match }: LabelLimit): string {
  return match.is === 'tag'
    ? `refuses requests with the tag "${match.tag}", which callers can leave out: add it to the \`required_tags\` of this level, or of one above or below it, or use only budgets that alert`
    : 'refuses requests of end users, whom callers can leave out: set `require_end_user` at this level or above it, or use only budgets that alert';
}

function nameOf({ at: { level, id, name }, limit: { match } }: Unrested): string {
  return `the limit of ${level} ${name} (${id}) for ${match.is === 'tag' ? `the tag "${match.tag}"` : 'end users'}`;
}

/** A tag that a key of a team requires. */
type ByKeys = Awaited<ReturnType<typeof tagsRequiredByKeys>>;

/** Returns the limits of a level that refuse and rest on nothing. */
function unrestedAt(at: LabelledLevel, all: readonly LabelledLevel[], byKeys: ByKeys): readonly Unrested[] {
  const isAbove = (other: LabelledLevel) =>
    other.level === 'organization' || (at.level === 'key' && other.level === 'team' && other.teamId === at.teamId);
  const isBelow = (other: LabelledLevel) =>
    at.level === 'organization' || (at.level === 'team' && other.level === 'key' && other.teamId === at.teamId);
  const around = all.filter((other) => other.id === at.id || isAbove(other));
  const near = all.filter((other) => other.id === at.id || isAbove(other) || isBelow(other));
  const keysOf = byKeys.filter(({ teamId }) => at.level === 'organization' || (at.level === 'team' && teamId === at.teamId));
  const rests = ({ match }: LabelLimit) =>
    match.is === 'end_user'
      ? around.some(({ requireEndUser }) => requireEndUser)
      : near.some(({ requiredTags }) => requiredTags.includes(match.tag)) || keysOf.some(({ tag }) => tag === match.tag);
  return at.labelLimits.filter((limit) => canRefuse(limit) && !rests(limit)).map((limit) => ({ at, limit }));
}
