/** The fields of a preset that change requests: other names, other words, and fields that are left out. */
import { DROPPED_FIELD, DROPS_MAX, FIELD_NAME, FIELDS_WITH_VALUES_MAX, RENAMES_MAX, VALUES_MAX, WORD } from './forms.ts';
import type { Quirks } from './preset.ts';
import { Fault, pointer, textFrom } from './reading.ts';

export function readRename(value: unknown): Quirks['rename'] {
  const pairs = entriesOf(value, 'rename', RENAMES_MAX).map(([field, theirs]): readonly [string, string] => {
    requireField(field, 'rename');
    if (typeof theirs !== 'string') throw new Fault(pointer('rename', field), 'must be the vendor’s name of the field');
    requireField(theirs, 'rename');
    if (theirs === field) throw new Fault(pointer('rename', field), 'must be another name than the field’s own');
    return Object.freeze([field, theirs] as const);
  });
  const names = pairs.flat();
  const twice = names.find((name, index) => names.indexOf(name) !== index && !isSharedTarget(name, pairs));
  if (twice !== undefined) throw new Fault(pointer('rename', twice), 'is both renamed and the name of another field');
  return Object.freeze(pairs);
}

/** Reports whether a name is only ever a vendor's name: two of our fields may become one of theirs. */
function isSharedTarget(name: string, pairs: readonly (readonly [string, string])[]): boolean {
  return !pairs.some(([field]) => field === name);
}

export function readValues(value: unknown): Quirks['values'] {
  return Object.freeze(
    entriesOf(value, 'values', FIELDS_WITH_VALUES_MAX).map(([field, words]) => {
      requireField(field, 'values');
      const where = pointer('values', field);
      const pairs = entriesOf(words, where, VALUES_MAX).map(([ours, theirs]): readonly [string, string] => {
        const words = 'must give words of letters, digits, dots, hyphens and underscores, at most 64';
        return Object.freeze([textFrom(ours, where, WORD, words), textFrom(theirs, where, WORD, words)] as const);
      });
      return Object.freeze([field, Object.freeze(pairs)] as const);
    }),
  );
}

export function readDrop(value: unknown, rename: Quirks['rename']): Quirks['drop'] {
  if (value === undefined || value === null) return Object.freeze([]);
  if (!Array.isArray(value) || value.length > DROPS_MAX) throw new Fault('drop', `must be a list of at most ${DROPS_MAX} fields`);
  for (const field of value as unknown[]) {
    if (typeof field !== 'string') throw new Fault('drop', 'must hold names of fields');
    requireField(field, 'drop', DROPPED_FIELD);
    if (rename.some((pair) => pair.includes(field)))
      throw new Fault(pointer('drop', field), 'is renamed, so it cannot be left out');
  }
  if (new Set(value).size < value.length) throw new Fault('drop', 'must not name a field twice');
  return Object.freeze([...(value as string[])]);
}

function requireField(name: string, where: string, form: RegExp = FIELD_NAME): void {
  if (!form.test(name)) throw new Fault(pointer(where, name), 'is not the name of a field that a preset may change');
}

function entriesOf(value: unknown, where: string, most: number): readonly (readonly [string, unknown])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw new Fault(where, 'must be an object');
  const entries = Object.entries(value);
  if (entries.length > most) throw new Fault(where, `must have at most ${most} fields`);
  return entries;
}
