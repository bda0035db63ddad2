import { wordOf } from '../../components/StatusBadge.tsx';
import { words } from './words.ts';

const PAST: Readonly<Record<string, string>> = words.past;

/** Returns an action in words: `organization.update` → `Organization changed`. */
export function actionWords(action: string): string {
  const [object = '', verb = ''] = action.split('.');
  return `${wordOf(object)} ${PAST[verb] ?? verb.replaceAll('_', ' ')}`;
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
