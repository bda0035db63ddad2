/**
 * The routing rules of tags: they choose among the deployments of a called name. Tags only remove deployments that access gave.
 * They authorize nothing. Only the tags of a deployment count, not its health. A disabled deployment is ignored.
 */
import { hash } from 'node:crypto';
import type { CallableTarget } from '../routing/catalogue.ts';
import type { TagPolicy } from './tags.ts';

/** The tags of one request: those it names, and those its organization, team and key add. */
export interface TagWishes extends TagPolicy {
  /** The tags that the request names, without duplicates. */
  readonly asked: readonly string[];
}

/** The wishes of a request without tags whose organization, team and key add none. */
export const NO_WISHES: TagWishes = Object.freeze({ asked: [], defaults: [], required: [] });

type Members = CallableTarget['members'];

/** The deployments of one target that tags leave. */
export interface LeftByTags {
  readonly members: Members;
  /** The tags that chose the members; empty if the default pool serves, or if no deployment is left. */
  readonly routed: readonly string[];
  /** True if the default tags apply, because the request names no tag that routes here. */
  readonly usesDefaults: boolean;
}

/**
 * Applies tags to one target by itself. Required tags always apply: if no deployment carries all of them, none is left. Any other
 * tag counts only if some deployment of the target carries it. If no deployment carries all tags that count, the request falls
 * back: to the deployments that carry the required tags, or, without required tags, to those without tags. A request for which no
 * tag counts goes to the deployments without tags, or to all deployments if every one has tags.
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

/**
 * Returns the default tags of the nearest level that has any, and the required tags of all levels; null if there are none.
 * `levels` are widest first.
 */
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

/** The targets along a fallback chain, each with only the members that tags leave. */
export interface TaggedChain {
  readonly targets: readonly CallableTarget[];
  readonly shape: TagShape;
  /** The shape as JSON. `shapeId` is a hash of it. */
  readonly shapeJson: string;
  readonly shapeId: string;
}

/** The result of tag routing for one called name, stored once and shared by many rows. Plain data. */
export interface TagShape {
  /** The default tags, if they applied at the called target. */
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

/** A request's tags as its row stores them. */
interface KeptTags {
  /** The tags that the request named, then those that were added. */
  readonly tags: readonly string[];
  /** The number of `tags` that the request named itself, a full stop, and the shape's id. */
  readonly tagRoute: string;
}

/** Returns the id of the shape that a row's `tag_route` names; null if it names none. */
export function tagShapeIdOf(tagRoute: string | null | undefined): string | null {
  return !tagRoute || tagRoute.endsWith('.') ? null : tagRoute.slice(tagRoute.indexOf('.') + 1);
}

/** Returns the tags that a request named itself. */
export function askedOf({ tags, tagRoute }: KeptTags): readonly string[] {
  return tags.slice(0, Number.parseInt(tagRoute, 10) || 0);
}

/** Applies tags to every target of a chain, each by itself. */
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

/** Reports whether a tag routes along a chain: some enabled deployment carries it. */
export function isCarried(chain: readonly CallableTarget[], tag: string): boolean {
  return chain.some(({ members }) => members.some((member) => member.deployment.enabled && carries(member, [tag])));
}

/** Reports whether tags can remove a deployment along a chain: some enabled deployment carries a tag. */
export function isTagged(chain: readonly CallableTarget[]): boolean {
  return chain.some(({ members }) => members.some(({ deployment }) => deployment.enabled && deployment.tags.length > 0));
}

const NONE: readonly string[] = [];

function carries({ deployment }: Members[number], tags: readonly string[]): boolean {
  return tags.every((tag) => deployment.tags.includes(tag));
}
