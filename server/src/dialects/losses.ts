import { DROPPED_MAX } from '../domain/usage/attempt.ts';
import type { JsonObject } from './dialect.ts';
import { Untranslatable } from './dialect.ts';

/** The features that an encoder may have to leave out or weaken, by the request's content. */
export type Feature =
  | 'temperature'
  | 'top_p'
  | 'top_k'
  | 'presence_penalty'
  | 'frequency_penalty'
  | 'stop'
  | 'tools'
  | 'tool_strict'
  | 'tool_choice'
  | 'parallel_tools'
  | 'cache_mark'
  | 'signature'
  | 'thinking'
  | 'reasoning'
  | 'output_format'
  | 'output_strict'
  | 'end_user'
  | 'service_tier'
  | 'failed_result'
  | 'citations'
  | 'verbosity'
  | 'media';

const NAME_CHARS_MAX = 64;

/** The list of an exchange that lost nothing. One list for all, so that a call that is not translated makes none. */
export const NOTHING_DROPPED: readonly string[] = [];

/**
 * The fields of one request that its translation loses, by the names that the client gave them. A loss that changes what the
 * answer means is refused. Any other is noted, or refused too if the client asked for strictness.
 */
export class Losses {
  readonly #names: Readonly<Record<Feature, string>>;
  readonly #isStrict: boolean;
  readonly #dropped: string[] = [];

  /** `names`: the names that the client's dialect has for features. */
  constructor({ names, isStrict }: { readonly names: Readonly<Record<Feature, string>>; readonly isStrict: boolean }) {
    this.#names = names;
    this.#isStrict = isStrict;
  }

  /** Notes a feature that an encoder leaves out or weakens. Throws Untranslatable if nothing may be. */
  drop(feature: Feature): void {
    this.dropField(this.#names[feature]);
  }

  /** Reports whether the client's dialect has a name for a feature. */
  knows(feature: Feature): boolean {
    return this.#names[feature] !== '';
  }

  /** Notes a field by its name in the client's dialect. Throws Untranslatable if nothing may be left out. */
  dropField(field: string): void {
    const name = nameOf(field);
    if (this.#isStrict)
      throw new Untranslatable(name, `${name} has no equivalent for this model, and x-headgate-strict forbids to leave it out`);
    if (this.#dropped.length < DROPPED_MAX && !this.#dropped.includes(name)) this.#dropped.push(name);
  }

  /** Notes the fields of an object that are not among the known ones and say something. `where`: the object's own name. */
  dropOthers(object: JsonObject, known: ReadonlySet<string>, where: string): void {
    for (const name in object) if (!known.has(name) && saysSomething(object[name])) this.dropField(`${where}.${name}`);
  }

  /** Throws Untranslatable: without the feature, the answer would mean something else. */
  refuse(feature: Feature, why: string): never {
    throw new Untranslatable(this.#names[feature], why);
  }

  /** Returns the names of what was left out, in order. */
  dropped(): readonly string[] {
    return this.#dropped.length === 0 ? NOTHING_DROPPED : this.#dropped;
  }
}

function saysSomething(value: unknown): boolean {
  return value !== null && value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** Returns a name that a header and a log can hold. A client may give its fields any name. */
function nameOf(field: string): string {
  return field.replace(/[^\w.[\]-]/g, '_').slice(0, NAME_CHARS_MAX);
}
