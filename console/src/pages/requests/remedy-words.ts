import type { Schema } from '../../api/client.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { LIMIT_WORDS } from '../../components/limits/LimitBar.tsx';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

export type Remedy = Schema<'Remedy'>;

/** The words and the address of each change that lets a refused request pass. */

const LEVELS = { organization: 'organization', team: 'team', user: 'member', key: 'key', platform: 'catalogue' } as const;

/** Returns the text of the button that opens the field to change. */
export function remedyVerb({ action, scope }: Pick<Remedy, 'action' | 'scope'>): string {
  switch (action) {
    case 'raise_limit':
      return words.raiseThisLimit;
    case 'raise_budget':
      return words.raiseThisBudget;
    case 'grant_model':
      return words.grantThisModel;
    case 'allow_model':
      return words.allowThisModel(LEVELS[scope]);
    case 'add_model':
      return words.addADeploymentOfThisModel;
    case 'set_price':
      return words.setAPrice;
    case 'tag_deployment':
      return words.addTheTagToADeployment;
    case 'reactivate_organization':
      return words.openTheOrganizationToReactivateIt;
    case 'enable_key':
      return words.openTheKeyToEnableIt;
    case 'extend_key':
      return words.changeTheExpiry;
  }
}

/** Returns the same as the end of a sentence: `can raise this limit`. */
export function remedyWords(remedy: Pick<Remedy, 'action' | 'scope'>): string {
  const verb = remedyVerb(remedy).replace(/^Open the (\w+) to (\w+) it$/, '$2 the $1');
  return verb.charAt(0).toLowerCase() + verb.slice(1);
}

/** Returns the subject of a remedy: `The team’s limit of requests per minute`. */
export function remedySubject({ action, scope, field }: Pick<Remedy, 'action' | 'scope' | 'field'>): string {
  const level = words.ofLevel(LEVELS[scope]);
  switch (action) {
    case 'raise_limit': {
      const limit = field?.startsWith('rate_limits.') ? field.slice('rate_limits.'.length) : null;
      return limit === null ? words.limitForThisModel(level) : words.limitOf(level, LIMIT_WORDS[limit] ?? limit);
    }
    case 'raise_budget':
      return words.budget(level);
    case 'grant_model':
    case 'allow_model':
      return words.assetAccess(level);
    case 'add_model':
      return words.theModelDoesNotExist;
    case 'set_price':
      return words.pricesOfDeployments;
    case 'tag_deployment':
      return words.tagsOfDeployments;
    case 'reactivate_organization':
      return words.theOrganizationIsNotActive;
    case 'enable_key':
      return words.theKeyItsTeam;
    case 'extend_key':
      return words.theKeysExpiry;
  }
}

/** Returns who may make a change: `an owner or admin of the organization, or an admin of the team`. */
export function rolesText(roles: readonly string[]): string {
  const platform = roles.includes('platform_admin') ? [words.aPlatformAdmin] : [];
  const organization = roles.filter((role) => role.startsWith('org_')).map((role) => roleWord(role).toLowerCase());
  const ofOrganization = organization.length === 0 ? [] : [words.ofTheOrganization(organization.join(words.or))];
  const team = roles.includes('team_admin') ? [words.anAdminOfTheTeam] : [];
  return [...platform, ...ofOrganization, ...team].join(words.commaOr);
}

interface Address {
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
}

/** Returns the page on which a change is made, with its dialog open at the field. */
export function remedyAddress(
  { action, scope, scope_id, account_id, field }: Remedy,
  request: { readonly model: string | null; readonly organization_id: string },
): Address | null {
  const search: Address['search'] = field === null ? {} : { edit: field };
  if (action === 'add_model') return { to: PATHS.models, search: { new: '1' } };
  if (scope === 'platform') return { to: PATHS.models, search: request.model === null ? {} : { model: request.model } };
  if (scope_id === null) return null;
  switch (scope) {
    case 'organization':
      return { to: PATHS.organization.replace('$organizationId', scope_id), search };
    case 'team':
      return { to: PATHS.team.replace('$teamId', scope_id), search };
    case 'key':
      return { to: PATHS.key.replace('$keyId', scope_id), search };
    case 'user':
      if (account_id === null) return null;
      return {
        to: PATHS.account.replace('$accountId', account_id),
        search: { organization_id: request.organization_id, member_id: scope_id, ...search },
      };
  }
}
