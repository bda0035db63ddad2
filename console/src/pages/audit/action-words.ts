import { LIMIT_WORDS } from '../../components/limits/LimitBar.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import type { AuditRow } from './audit-row.ts';
import { changesBetween } from './diff.ts';
import { words } from './words.ts';

const PAST: Readonly<Record<string, string>> = words.past;

/** Returns an action in words: `organization.update` → `Organization changed`. */
export function actionWords(action: string): string {
  const [object = '', verb = ''] = action.split('.');
  return `${objectWord(object)} ${PAST[verb] ?? verb.replaceAll('_', ' ')}`;
}

const FIELDS_SHOWN = 2;

/** Returns an event in words, an update with the fields that it changed: `Team changed: rate limits`. */
export function eventWords({ action, before, after }: Pick<AuditRow, 'action' | 'before' | 'after'>): string {
  if (!action.endsWith('.update')) return actionWords(action);
  const changed = changesBetween(before ?? undefined, after ?? undefined).map(({ path }) => path.split(/[.[]/)[0] ?? '');
  const fields = [...new Set(changed)]
    .filter((name) => name !== '' && name !== 'version')
    .map((name) => name.replaceAll('_', ' '));
  if (fields.length === 0) return actionWords(action);
  const more = fields.length > FIELDS_SHOWN ? words.andMore(fields.length - FIELDS_SHOWN) : '';
  return `${actionWords(action)}: ${fields.slice(0, FIELDS_SHOWN).join(', ')}${more}`;
}

/** Returns a field of an object in words: `rate_limits.rpm` → `Requests per minute`, `name` → `Name`. */
export function fieldWords(path: string): string {
  const limit = LIMIT_WORDS[/^rate_limits\.(\w+)$/.exec(path)?.[1] ?? ''];
  const plain = path.replaceAll('.', ': ').replaceAll(/\[(\d+)\]/g, (_, at: string) => ` ${Number(at) + 1}`);
  return wordOf(limit ?? (plain || words.value));
}

/** The kinds of objects that an event can be about, with a word for each. Those of other versions may be missing. */
const OBJECTS: Readonly<Record<string, string>> = words.objects;

export const OBJECT_TYPES = Object.keys(OBJECTS).sort((a, b) => objectWord(a).localeCompare(objectWord(b), 'en'));

/** Returns a kind of object in words: `scim_token` → `SCIM token`. */
export function objectWord(type: string): string {
  return Object.hasOwn(OBJECTS, type) ? (OBJECTS[type] as string) : wordOf(type);
}
