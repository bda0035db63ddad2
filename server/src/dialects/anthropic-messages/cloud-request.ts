/** Anthropic's requests as clouds take them: without a model, with a version, and with media only as data. */
import { type CloudForm, type ExchangeOptions, type JsonObject, Untranslatable } from '../dialect.ts';
import { objectsIn } from '../json.ts';
import type { NeutralRequest, Part } from '../neutral.ts';

type CloudOptions = Pick<ExchangeOptions, 'cloud' | 'betas'>;

/** Returns the request in the form of the upstream's cloud, or the request itself if the upstream is Anthropic. Throws Untranslatable. */
export function cloudRequest(request: JsonObject, { cloud = null, betas = null }: CloudOptions): JsonObject {
  if (cloud === null) return request;
  refuseReferences(request);
  const { anthropic_version: _version, ...edited } = request;
  for (const name of cloud.omits) delete edited[name];
  // In the body only what the header says counts, because admission reads the header.
  if (cloud.listsBetas) delete edited.anthropic_beta;
  const listed = cloud.listsBetas ? betasIn(betas, cloud) : [];
  if (listed.length > 0) edited.anthropic_beta = listed;
  return { anthropic_version: cloud.version, ...edited };
}

const MODEL_FIRST = '{"model":';

/**
 * Returns the received bytes with another beginning, if that is the whole difference: the model is the first field, and nothing
 * after it changes. Null: the request must be serialized. Throws Untranslatable.
 */
export function cloudBytes(
  bytes: Buffer,
  { body, upstreamModel, betas = null }: ExchangeOptions,
  cloud: CloudForm,
): Buffer | null {
  if (body.anthropic_version !== undefined || (cloud.omits.includes('stream') && body.stream !== undefined)) return null;
  if (cloud.listsBetas && (body.anthropic_beta !== undefined || betasIn(betas, cloud).length > 0)) return null;
  const before = Buffer.from(`${MODEL_FIRST}${JSON.stringify(body.model)},`);
  if (bytes.compare(before, 0, before.length, 0, before.length) !== 0) return null;
  refuseReferences(body);
  const model = cloud.omits.includes('model') ? '' : `"model":${JSON.stringify(upstreamModel)},`;
  return Buffer.concat([
    Buffer.from(`{"anthropic_version":${JSON.stringify(cloud.version)},${model}`),
    bytes.subarray(before.length),
  ]);
}

/**
 * Refuses the same in a request that is to be translated, by the client's own name for the field. Throws Untranslatable.
 */
export function refuseReferenceParts({ messages }: NeutralRequest): void {
  for (const { parts } of messages) refuseParts(parts);
}

function refuseParts(parts: readonly Part[]): void {
  for (const part of parts) {
    if (part.is === 'tool_result') refuseParts(part.parts);
    if (part.is !== 'image' && part.is !== 'document') continue;
    if (part.source.is === 'url' || part.source.is === 'file') throw new Untranslatable(part.at, ONLY_DATA);
  }
}

const ONLY_DATA = 'this model takes media only as data in the request, not by URL or file id';

function betasIn(header: string | null, { knownBetas }: CloudForm): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && (knownBetas === undefined || knownBetas.includes(name)));
}

/**
 * Refuses media that the cloud would have to fetch: it takes neither URLs nor ids of Anthropic's files. Messages that were left in
 * the bytes of a large body are not read; the cloud refuses such media itself.
 */
function refuseReferences({ messages }: JsonObject): void {
  const listed = objectsIn(messages);
  for (let at = 0; at < listed.length; at += 1) refuseIn((listed[at] as JsonObject).content, `messages[${at}].content`);
}

function refuseIn(content: unknown, path: string): void {
  if (!Array.isArray(content)) return;
  for (let at = 0; at < content.length; at += 1) {
    const block = content[at] as { readonly type?: unknown; readonly source?: unknown; readonly content?: unknown } | null;
    if (typeof block !== 'object' || block === null) continue;
    const source = block.source as { readonly type?: unknown; readonly content?: unknown } | null | undefined;
    if (typeof source === 'object' && source !== null) {
      if (source.type === 'url' || source.type === 'file') throw new Untranslatable(`${path}[${at}].source`, ONLY_DATA);
      refuseIn(source.content, `${path}[${at}].source.content`);
    }
    refuseIn(block.content, `${path}[${at}].content`);
  }
}
