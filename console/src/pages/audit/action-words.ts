import { LIMIT_WORDS } from '../../components/limits/LimitBar.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import type { AuditRow } from './audit-row.ts';
import { changesBetween } from './diff.ts';
import { words } from './words.ts';

const PAST: Readonly<Record<string, string>> = words.past;

/** Returns an action in words: `organization.update` → `Organization changed`. */
export function actionWords(action: string): string {
  const [object = '', verb = ''] = action.split('.');
  return `${wordOf(object)} ${PAST[verb] ?? verb.replaceAll('_', ' ')}`;
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

/** The kinds of objects that an event can be about. */
export const OBJECT_TYPES = [
  'organization',
  'team',
  'team_member',
  'member',
  'account',
  'invitation',
  'service_account',
  'key',
  'admin_token',
  'scim_token',
  'directory_person',
  'directory_group',
  'webhook',
  'trusted_issuer',
  'trust_rule',
  'file',
  'batch',
  'job',
  'request',
  'credential',
  'deployment',
  'price_list',
  'model',
  'route_group',
  'access_group',
  'callable_target',
  'price',
  'session',
  'audit_log',
] as const;
