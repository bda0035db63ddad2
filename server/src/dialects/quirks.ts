/** The differences of a preset's vendor from the API that it speaks, applied to a finished request. */
import type { Quirks } from '../domain/presets/preset.ts';
import type { InboundWire, JsonObject } from './dialect.ts';
import { FEATURE_NAMES } from './feature-names.ts';
import { type Feature, Losses } from './losses.ts';

/** The features by the names that chat completions have for them. */
const FEATURES: ReadonlyMap<string, Feature> = new Map(
  Object.entries(FEATURE_NAMES['openai-chat'])
    .filter(([, name]) => name !== '')
    .map(([feature, name]) => [name, feature as Feature]),
);

/** The gateway itself writes this field, so that leaving it out loses nothing of the client's. */
const OURS = 'stream_options';

/** Reports whether a request has a field that the vendor has another name or word for, or refuses. */
export function touches(request: JsonObject, { rename, values, drop }: Quirks): boolean {
  const has = (field: string) => Object.hasOwn(request, field);
  return rename.some(([field]) => has(field)) || values.some(([field]) => has(field)) || drop.some(has);
}

/**
 * Returns the request as the vendor takes it. What is left out is noted by the client's name for it, or refused if nothing may be.
 * A field that the vendor's own name is given to already stays as it is. Values within lists and objects are not changed.
 */
export function withQuirks(request: JsonObject, quirks: Quirks, losses: Losses): JsonObject {
  if (!touches(request, quirks)) return request;
  const changed = { ...request };
  for (const [field, words] of quirks.values) {
    const theirs = words.find(([ours]) => ours === changed[field]);
    if (Object.hasOwn(changed, field) && theirs !== undefined) changed[field] = theirs[1];
  }
  for (const field of quirks.drop) {
    if (!Object.hasOwn(changed, field)) continue;
    if (field !== OURS && changed[field] !== null) loseField(field, losses);
    delete changed[field];
  }
  for (const [field, theirs] of quirks.rename) {
    if (!Object.hasOwn(changed, field)) continue;
    if (!Object.hasOwn(changed, theirs)) changed[theirs] = changed[field];
    delete changed[field];
  }
  return changed;
}

function loseField(field: string, losses: Losses): void {
  const feature = FEATURES.get(field);
  if (feature === undefined || !losses.knows(feature)) losses.dropField(field);
  else losses.drop(feature);
}

/** Returns the list of losses of a request that is not translated: its fields have the client's own names. */
export function ownLosses(client: InboundWire, isStrict: boolean): Losses {
  const isChat = client === 'openai-chat' || client === 'anthropic-messages';
  return new Losses({ names: FEATURE_NAMES[isChat ? client : 'openai-chat'], isStrict });
}
