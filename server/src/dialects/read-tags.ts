import { TAG, TAG_WORDS, TAGS_MAX } from '../domain/access/tags.ts';
import type { BodyProblem, JsonObject } from './dialect.ts';
import { isObject } from './json.ts';

/** The header that names the request's tags, separated by commas. */
export const TAGS_HEADER = 'x-headgate-tags';

export type TagsReading =
  /** `tags`: without duplicates, the header's first; null: none. `body`: the body to send on, without the tags that it named. */
  | { readonly ok: true; readonly tags: readonly string[] | null; readonly body: JsonObject }
  | { readonly ok: false; readonly problem: BodyProblem };

/**
 * Reads the tags that a request names in its header and in `metadata.tags` of its body. The latter are ours only if they are an
 * array of strings, and are then not sent on. Any other value belongs to the provider. Null if there are neither, as for nearly
 * all requests.
 */
export function readTags(header: string | undefined, body: JsonObject): TagsReading | null {
  const inBody = body.metadata === undefined ? null : tagsOf(body.metadata);
  if (header === undefined && inBody === null) return null;
  const tags: string[] = [];
  for (const list of [header === undefined ? [] : inHeader(header), inBody ?? []]) {
    for (const tag of list) {
      if (!TAG.test(tag)) return problem(`${JSON.stringify(tag.slice(0, 100))} is not a tag: ${TAG_WORDS}`);
      if (tags.includes(tag)) continue;
      if (tags.length === TAGS_MAX) return problem(`a request can name at most ${TAGS_MAX} tags`);
      tags.push(tag);
    }
  }
  return { ok: true, tags: tags.length === 0 ? null : tags, body: inBody === null ? body : withoutTags(body) };
}

/** Splits the header as any list header: white space around members and empty members are ignored. */
function inHeader(header: string): string[] {
  return header
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
}

function tagsOf(metadata: unknown): readonly string[] | null {
  if (!isObject(metadata) || !Array.isArray(metadata.tags)) return null;
  return metadata.tags.every((tag) => typeof tag === 'string') ? metadata.tags : null;
}

/**
 * Removes the tags from the body. A `metadata` that held nothing else is removed too, because not every provider accepts an empty
 * one.
 */
function withoutTags(body: JsonObject): JsonObject {
  const { tags: _, ...rest } = body.metadata as JsonObject;
  // Keeps the field's position, so that the sent body otherwise equals the received one.
  if (Object.keys(rest).length > 0) return { ...body, metadata: rest };
  const { metadata: __, ...others } = body;
  return others;
}

function problem(message: string): TagsReading {
  return { ok: false, problem: { message, param: 'tags' } };
}
