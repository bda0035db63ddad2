/** Reading the fields of a request whose value decides what it may cost. */
import type { Beyond } from '../../domain/money/beyond.ts';
import type { JsonObject, RequestFacts } from '../dialect.ts';

/** The facts that differ from those of a plain request. */
export type MediaFacts = Partial<Omit<RequestFacts, 'model' | 'beyond'>> & { readonly beyond?: readonly Beyond[] };

/** A field with a value that cannot be served. The caller gets 400 with its name. */
export class BadField extends Error {
  readonly param: string;

  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}

/** Returns a whole number; null if it is absent. Throws BadField. */
export function wholeIn(body: JsonObject, param: string, { min, max }: { min: number; max: number }): number | null {
  const value = body[param];
  if (value === undefined || value === null) return null;
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max)
    throw new BadField(param, `${param} must be a whole number from ${min} to ${max}`);
  return value as number;
}

/** Returns a text that is not empty. Throws BadField. */
export function textIn(body: JsonObject, param: string): string {
  const value = body[param];
  if (typeof value !== 'string' || value === '') throw new BadField(param, `${param} must be a non-empty string`);
  return value;
}

/** Returns a boolean; false if it is absent. Throws BadField. */
export function booleanIn(body: JsonObject, param: string): boolean {
  const value = body[param];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw new BadField(param, `${param} must be a boolean`);
  return value;
}
