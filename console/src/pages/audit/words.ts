import { LIMIT_WORDS } from '../../components/limits/LimitBar.tsx';
import { wordOf } from '../../components/StatusBadge.tsx';
import type { AuditRow } from './audit-row.ts';
import { changesBetween } from './diff.ts';

/** Returns an action in words: `organization.update` → `Organization updated`. */
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
  const more = fields.length > FIELDS_SHOWN ? `, ${fields.length - FIELDS_SHOWN} more` : '';
  return `${actionWords(action)}: ${fields.slice(0, FIELDS_SHOWN).join(', ')}${more}`;
}

/** Returns a field of an object in words: `rate_limits.rpm` → `Requests per minute`, `name` → `Name`. */
export function fieldWords(path: string): string {
  const limit = LIMIT_WORDS[/^rate_limits\.(\w+)$/.exec(path)?.[1] ?? ''];
  return wordOf(
    limit ?? (path.replaceAll('.', ': ').replaceAll(/\[(\d+)\]/g, (_, at: string) => ` ${Number(at) + 1}`) || 'value'),
  );
}

const PAST: Readonly<Record<string, string>> = {
  create: 'created',
  update: 'changed',
  delete: 'deleted',
  add: 'added',
  remove: 'removed',
  revoke: 'revoked',
  rotate: 'rotated',
  disable: 'disabled',
  enable: 'enabled',
  reassign: 'reassigned',
  suspend: 'suspended',
  reactivate: 'reactivated',
  archive: 'archived',
  close: 'closed',
  deny: 'denied',
  call: 'called',
  label: 'labelled',
  read: 'read',
  publish: 'published',
  rollback: 'rolled back',
  accept: 'accepted',
  cancel: 'cancelled',
  sign_in: 'signed in',
  sign_in_refused: 'refused at sign-in',
  sign_out: 'signed out',
  session_end: 'ended a session',
  sessions_end: 'signed out everywhere',
  password_change: 'changed their password',
  password_reset: 'reset their password',
  password_reset_request: 'asked for a new password',
  password_reset_link: 'was sent a link for a new password',
  passkey_add: 'added a passkey',
  passkey_remove: 'removed a passkey',
  second_factor_add: 'added a second factor',
  second_factor_remove: 'removed the second factor',
  second_factor_reset: 'had the second factor reset',
  recovery_codes_renew: 'renewed the recovery codes',
  resend: 'sent again',
  redeliver: 'sent again',
  test: 'tried',
  run: 'run',
  adopt: 'adopted from the published list',
  export: 'exported',
  move: 'moved',
  dismiss: 'kept instead of the published price',
};

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
  'webhook',
  'job',
  'request',
  'credential',
  'deployment',
  'model',
  'route_group',
  'access_group',
  'callable_target',
  'price',
  'session',
  'audit_log',
] as const;
