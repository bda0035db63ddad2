import { TAG, TAG_WORDS, TAGS_MAX } from '../domain/access/tags.ts';
import type { BodyProblem, JsonObject } from './dialect.ts';
import { isObject } from './json.ts';

/** Names the request's tags, parted by commas. */
export const TAGS_HEADER = 'x-headgate-tags';

export type TagsReading =
  /** `tags`: each once, the header's first; null: it names none. `body` is what is sent on: without the tags that it named. */
  | { readonly ok: true; readonly tags: readonly string[] | null; readonly body: JsonObject }
  | { readonly ok: false; readonly problem: BodyProblem };

/**
 * The tags that a request names in its header and in its body's `metadata.tags`. The latter counts only where it is an array of strings:
 * then it is ours and is not sent on; anything else there is the provider's. Null for nearly all requests: there is nothing of either.
 */
export function readTags(header: string | undefined, body: JsonObject): TagsReading | null {
  const inBody = body.metadata === undefined ? null : tagsOf(body.metadata);
  if (header === undefined && inBody === null) return null;
  const tags: string[] = [];
  for (const list of [header === undefined ? [] : inHeader(header), inBody ?? []]) {
    for (const tag of list) {
      if (!TAG.test(tag)) return problem(`${TAG_WORDS}: ${JSON.stringify(tag.slice(0, 100))} is none`);
      if (tags.includes(tag)) continue;
      if (tags.length === TAGS_MAX) return problem(`a request names at most ${TAGS_MAX} tags`);
      tags.push(tag);
    }
  }
  return { ok: true, tags: tags.length === 0 ? null : tags, body: inBody === null ? body : withoutTags(body) };
}

/** As the members of any list in a header: white space around them and empty ones do not count. */
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

/** A `metadata` that held nothing else goes as a whole: not every provider takes an empty one. */
function withoutTags(body: JsonObject): JsonObject {
  const { tags: _, ...rest } = body.metadata as JsonObject;
  // In its place: what is sent is otherwise what came.
  if (Object.keys(rest).length > 0) return { ...body, metadata: rest };
  const { metadata: __, ...others } = body;
  return others;
}

function problem(message: string): TagsReading {
  return { ok: false, problem: { message, param: 'tags' } };
}
