import { wordOf } from '../../components/StatusBadge.tsx';

/** `organization.update` → `Organization updated`. */
export function actionWords(action: string): string {
  const [object = '', verb = ''] = action.split('.');
  return `${wordOf(object)} ${PAST[verb] ?? verb.replaceAll('_', ' ')}`;
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
  adopt: 'adopted from the list',
  dismiss: 'kept against the list',
};

/** Kinds of objects that an event can be about. */
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
] as const;
