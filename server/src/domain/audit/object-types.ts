/**
 * The kinds of objects that audit events are about. The list is closed, so that filters can offer all of them. Events of other
 * versions can have other kinds.
 */
export const AUDIT_OBJECT_TYPES = [
  // An organization and its people.
  'organization',
  'organization_template',
  'team',
  'team_member',
  'member',
  'account',
  'invitation',
  'service_account',
  // Ways in.
  'identity_provider',
  'identity_link',
  'domain',
  'sign_in_policy',
  'group_mapping',
  'scim_token',
  'directory_person',
  'directory_group',
  'first_admin_link',
  // Keys, tokens and logins.
  'key',
  'login',
  'login_policy',
  'managed_settings',
  'admin_token',
  'trusted_issuer',
  'trust_rule',
  // The catalogue.
  'credential',
  'preset',
  'deployment',
  'price_list',
  'model',
  'route_group',
  'access_group',
  // Use and its records.
  'request',
  'file',
  'batch',
  'job',
  'operation',
  'request_archive',
  'webhook',
  'alert_rule',
  'saved_view',
  'scheduled_mail',
  'audit_log',
  'audit_chain',
  'installation',
] as const;
