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
  resend: 'sent again',
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
