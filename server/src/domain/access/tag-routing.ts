/**
 * Which deployments of a called name tags leave. Tags only ever leave some of those that access gave: they route and authorize nothing. What
 * a deployment carries is judged, never how it fares; a disabled one is as if it were not there.
 */
import { hash } from 'node:crypto';
import type { CallableTarget } from '../routing/catalogue.ts';
import type { TagPolicy } from './tags.ts';

/** The tags of one request: what it names, and what its organization, team and key add. */
export interface TagWishes extends TagPolicy {
  /** As the request names them, each once. */
  readonly asked: readonly string[];
}

/** Those of a request without tags, under nobody who adds any. */
export const NO_WISHES: TagWishes = Object.freeze({ asked: [], defaults: [], required: [] });

type Members = CallableTarget['members'];

/** What tags leave of one target. */
export interface LeftByTags {
  readonly members: Members;
  /** The tags that chose them; empty where the default pool serves, or nobody. */
  readonly routed: readonly string[];
  /** The request names no tag that routes here, so the default tags stand in. */
  readonly usesDefaults: boolean;
}

/**
 * Judges one target by itself. Required tags are never left: without a deployment that carries all of them nobody is left. Of the others only
 * those count that some deployment of the target carries. Where no deployment carries all of these, the request falls back: to those that
 * carry what is required, or where nothing is required to those without tags. A request for which no tag counts goes to the deployments
 * without tags, and to all where every one has tags.
 */
export function leftByTags(members: Members, { asked, defaults, required }: TagWishes): LeftByTags {
  const enabled = members.filter(({ deployment }) => deployment.enabled);
  const able = enabled.filter((member) => carries(member, required));
  const routes = (tag: string) => enabled.some((member) => carries(member, [tag]));
  const usesDefaults = defaults.length > 0 && !asked.some(routes);
  const wished = (usesDefaults ? defaults : asked).filter((tag) => !required.includes(tag) && routes(tag));
  const routed = [...required, ...wished];
  const left = able.filter((member) => carries(member, wished));
  if (routed.length > 0 && left.length > 0) return { members: left, routed, usesDefaults };
  if (required.length > 0) return { members: able, routed: able.length > 0 ? required : NONE, usesDefaults };
  const untagged = enabled.filter(({ deployment }) => deployment.tags.length === 0);
  const pool = untagged.length > 0 || wished.length > 0 ? untagged : enabled;
  return { members: pool, routed: NONE, usesDefaults };
}

/** The nearest level's default tags, and the required ones of all levels; null where no level has any. `levels`: the widest first. */
export function tagPolicyOf(levels: readonly (TagPolicy | null | undefined)[]): TagPolicy | null {
  let defaults: readonly string[] = NONE;
  const required = new Set<string>();
  for (const level of levels) {
    if (level === null || level === undefined) continue;
    if (level.defaults.length > 0) defaults = level.defaults;
    for (const tag of level.required) required.add(tag);
  }
  return defaults.length + required.size === 0 ? null : { defaults, required: [...required] };
}

/** Targets along a fallback chain with only the members that tags leave. */
export interface TaggedChain {
  readonly targets: readonly CallableTarget[];
  readonly shape: TagShape;
  /** The shape's text, and a name made of it. */
  readonly shapeJson: string;
  readonly shapeId: string;
}

/** What tags made of one called name, kept once for many rows. Plain data. */
export interface TagShape {
  /** Those that stood in at the called target. */
  readonly defaults: readonly string[];
  readonly required: readonly string[];
  readonly targets: readonly TagShapeTarget[];
}

interface TagShapeTarget {
  readonly target: string;
  readonly routed: readonly string[];
  /** Ids of the deployments that were left. */
  readonly deployments: readonly string[];
}

/** A request's tags as its row keeps them. */
interface KeptTags {
  /** Those it named, then those that were added. */
  readonly tags: readonly string[];
  /** How many of `tags` it named itself, a full stop, and the shape's id. */
  readonly tagRoute: string;
}

/** The id of the shape that a row's `tag_route` names; null where it names none. */
export function tagShapeIdOf(tagRoute: string | null | undefined): string | null {
  return !tagRoute || tagRoute.endsWith('.') ? null : tagRoute.slice(tagRoute.indexOf('.') + 1);
}

/** The tags that a request named itself. */
export function askedOf({ tags, tagRoute }: KeptTags): readonly string[] {
  return tags.slice(0, Number.parseInt(tagRoute, 10) || 0);
}

/** Judges every target of a chain by itself. */
export function tagChain(chain: readonly CallableTarget[], wishes: TagWishes): TaggedChain {
  const left = chain.map((target) => ({ target, ...leftByTags(target.members, wishes) }));
  const shape: TagShape = {
    defaults: left[0]?.usesDefaults === true ? wishes.defaults : NONE,
    required: wishes.required,
    targets: left.map(({ target, routed, members }) => ({
      target: target.name,
      routed,
      deployments: members.map(({ deployment }) => deployment.id),
    })),
  };
  const shapeJson = JSON.stringify(shape);
  return {
    targets: left.map(({ target, members }) => Object.freeze({ ...target, members })),
    shape,
    shapeJson,
    shapeId: `t${hash('sha256', shapeJson, 'base64url').slice(0, 16)}`,
  };
}

/** Whether a tag routes along a chain: some deployment that is in service carries it. */
export function isCarried(chain: readonly CallableTarget[], tag: string): boolean {
  return chain.some(({ members }) => members.some((member) => member.deployment.enabled && carries(member, [tag])));
}

/** Whether tags can leave out anybody along a chain: some deployment that is in service carries one. */
export function isTagged(chain: readonly CallableTarget[]): boolean {
  return chain.some(({ members }) => members.some(({ deployment }) => deployment.enabled && deployment.tags.length > 0));
}

const NONE: readonly string[] = [];

function carries({ deployment }: Members[number], tags: readonly string[]): boolean {
  return tags.every((tag) => deployment.tags.includes(tag));
}
