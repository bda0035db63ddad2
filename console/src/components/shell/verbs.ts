import type { Permission, Session, Verdict } from '../../api/session.tsx';
import { verdictOf } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { addressOf } from './addresses.ts';
import type { Found } from './found.ts';
import { words } from './words.ts';

/** The verbs on objects that the palette found. Each opens a page or a dialog, and none acts by itself. */

interface Place {
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
}

/** A verb on one object: `Suspend Globex`. */
export interface Act extends Place {
  readonly label: string;
  readonly verdict: Verdict;
}

interface VerbOn {
  /** One of these permissions is enough. */
  readonly needs: readonly Permission[];
  readonly place: (found: Found) => Place;
}

interface Verb {
  /** The words that name it, in their order. The first phrase is the one that is shown. */
  readonly phrases: readonly string[];
  /** The word between the verb and the name: `Create key in Research`. */
  readonly link?: 'in' | 'of' | 'to';
  readonly on: Partial<Record<Found['kind'], VerbOn>>;
}

const pageOf = ({ kind, id }: Found, search: Place['search'] = {}): Place => ({
  to: addressOf(id, kind) ?? PATHS.overview,
  search,
});
const onPage =
  (search: Place['search']): VerbOn['place'] =>
  (found) =>
    pageOf(found, search);
const filtered =
  (to: string, param: string): VerbOn['place'] =>
  ({ id }) => ({ to, search: { [param]: id } });
const KEY_USE = ['keys.manage', 'keys.manage_own'] as const;

/** In the order in which they are offered: what takes something away comes last. */
const VERBS: readonly Verb[] = [
  {
    phrases: words.verbs.usage,
    link: 'of',
    on: {
      organization: { needs: ['usage.read'], place: filtered(PATHS.usage, 'organization_id') },
      team: { needs: ['usage.read'], place: filtered(PATHS.usage, 'team_id') },
      key: { needs: ['usage.read'], place: filtered(PATHS.usage, 'key_id') },
      member: { needs: ['usage.read'], place: filtered(PATHS.usage, 'member_id') },
      model: { needs: ['usage.read'], place: filtered(PATHS.usage, 'model') },
      route_group: { needs: ['usage.read'], place: ({ name }) => ({ to: PATHS.usage, search: { model: name } }) },
    },
  },
  {
    phrases: words.verbs.newKey,
    link: 'in',
    on: {
      team: { needs: KEY_USE, place: ({ id }) => ({ to: PATHS.keys, search: { new: 'key', team_id: id } }) },
      organization: { needs: KEY_USE, place: onPage({ tab: 'keys', new: 'key' }) },
    },
  },
  {
    phrases: words.verbs.newTeam,
    link: 'in',
    on: { organization: { needs: ['teams.manage'], place: onPage({ tab: 'teams', new: 'team' }) } },
  },
  {
    phrases: words.verbs.newPerson,
    link: 'to',
    on: {
      organization: { needs: ['members.manage'], place: onPage({ tab: 'members', new: 'person' }) },
      team: { needs: ['team_members.manage'], place: onPage({ tab: 'members' }) },
    },
  },
  {
    phrases: words.verbs.edit,
    on: {
      organization: { needs: ['organization.profile', 'audit_policy.change'], place: onPage({ edit: 'organization' }) },
      team: { needs: ['teams.manage', 'team_access.narrow'], place: onPage({ edit: 'team' }) },
      key: { needs: KEY_USE, place: onPage({ edit: 'key' }) },
      deployment: { needs: ['catalogue.manage'], place: onPage({ edit: 'deployment' }) },
    },
  },
  {
    phrases: words.verbs.limits,
    link: 'of',
    on: {
      organization: { needs: ['organizations.cap'], place: onPage({ edit: 'limits' }) },
      team: { needs: ['team_limits.change'], place: onPage({ edit: 'team' }) },
      key: { needs: ['key_limits.change'], place: onPage({ edit: 'key' }) },
    },
  },
  {
    phrases: words.verbs.requests,
    link: 'of',
    on: {
      organization: { needs: ['usage.read'], place: filtered(PATHS.requests, 'organization_id') },
      team: { needs: ['usage.read'], place: filtered(PATHS.requests, 'team_id') },
      key: { needs: ['usage.read'], place: filtered(PATHS.requests, 'key_id') },
      member: { needs: ['usage.read'], place: filtered(PATHS.requests, 'member_id') },
      service_account: { needs: ['usage.read'], place: filtered(PATHS.requests, 'service_account_id') },
      model: { needs: ['usage.read'], place: filtered(PATHS.requests, 'model') },
      deployment: { needs: ['usage.read'], place: filtered(PATHS.requests, 'deployment_id') },
    },
  },
  {
    phrases: words.verbs.keys,
    link: 'of',
    on: {
      organization: { needs: ['teams.read', 'keys.manage_own'], place: onPage({ tab: 'keys' }) },
      team: { needs: ['teams.read'], place: onPage({ tab: 'keys' }) },
      service_account: { needs: ['teams.read'], place: filtered(PATHS.keys, 'service_account_id') },
    },
  },
  {
    phrases: words.verbs.members,
    link: 'of',
    on: {
      organization: { needs: ['organization.read'], place: onPage({ tab: 'members' }) },
      team: { needs: ['teams.read'], place: onPage({ tab: 'members' }) },
    },
  },
  {
    phrases: words.verbs.access,
    link: 'of',
    on: {
      organization: { needs: ['organization.read'], place: onPage({ tab: 'access' }) },
      key: { needs: ['teams.read'], place: onPage({ tab: 'access' }) },
    },
  },
  {
    phrases: words.verbs.settings,
    link: 'of',
    on: { organization: { needs: ['organization.read'], place: onPage({ tab: 'settings' }) } },
  },
  {
    phrases: words.verbs.statements,
    link: 'of',
    on: {
      organization: {
        needs: ['usage.read'],
        place: ({ id }) => ({ to: PATHS.statements.replace('$organizationId', id), search: {} }),
      },
    },
  },
  {
    phrases: words.verbs.signIn,
    link: 'of',
    on: { organization: { needs: ['directory.manage'], place: onPage({ tab: 'sign-in' }) } },
  },
  { phrases: words.verbs.audit, link: 'of', on: { organization: { needs: ['audit.read'], place: onPage({ tab: 'audit' }) } } },
  { phrases: words.verbs.rotate, on: { key: { needs: KEY_USE, place: onPage({ do: 'rotate' }) } } },
  { phrases: words.verbs.disable, on: { key: { needs: KEY_USE, place: onPage({ do: 'disable' }) } } },
  { phrases: words.verbs.revoke, on: { key: { needs: KEY_USE, place: onPage({ do: 'revoke' }) } } },
  {
    phrases: words.verbs.suspend,
    on: {
      organization: { needs: ['organizations.lifecycle'], place: onPage({ do: 'suspend' }) },
      team: { needs: ['teams.manage'], place: onPage({ do: 'suspend' }) },
    },
  },
  {
    phrases: words.verbs.archive,
    on: { organization: { needs: ['organizations.lifecycle'], place: onPage({ do: 'archive' }) } },
  },
];

/** Words that a person may write between a verb and a name. */
const LINKS: ReadonlySet<string> = new Set(['in', 'of', 'for', 'to', 'the', 'on', 'a']);
const LETTERS_MIN = 3;

/** The verb that a text begins or ends with, and the name beside it. */
export interface Said {
  readonly verb: Verb;
  readonly name: string;
}

/** Returns the verbs that the text may say, each with the name in it. `sus globex` says Suspend; `usage globex` View usage. */
export function verbsSaid(text: string): readonly Said[] {
  const typed = text.split(/\s+/).filter((word) => word !== '');
  return VERBS.flatMap((verb) => {
    for (const phrase of verb.phrases) {
      const name = nameBeside(typed, phrase.toLowerCase().split(' '));
      if (name !== null) return [{ verb, name }];
    }
    return [];
  });
}

/** Returns the name if the words of the phrase come first or last, each by its beginning. `view` may be left out. */
function nameBeside(typed: readonly string[], phrase: readonly string[]): string | null {
  const shorter = phrase[0] === 'view' ? [phrase, phrase.slice(1)] : [phrase];
  for (const verb of shorter) {
    const [first, last] = [typed.slice(0, verb.length), typed.slice(-verb.length)];
    const rest = begins(first, verb) ? typed.slice(verb.length) : begins(last, verb) ? typed.slice(0, -verb.length) : null;
    if (rest === null) continue;
    const name = rest.filter((word, at) => !(at === 0 && LINKS.has(word.toLowerCase()))).join(' ');
    if (name !== '') return name;
  }
  return null;
}

function begins(typed: readonly string[], phrase: readonly string[]): boolean {
  return (
    typed.length === phrase.length &&
    phrase.every((word, at) => {
      const part = typed[at]?.toLowerCase() ?? '';
      return part.length >= Math.min(LETTERS_MIN, word.length) && word.startsWith(part);
    })
  );
}

/** Returns the verb on an object. Null if the object does not have it. */
export function actOf(verb: Verb, found: Found, session: Session): Act | null {
  const on = verb.on[found.kind];
  if (on === undefined) return null;
  const label = [verb.phrases[0], verb.link, found.name].filter((word) => word !== undefined).join(' ');
  return { label, verdict: verdictOn(on.needs, found, session), ...on.place(found) };
}

/** Returns every verb that the person may use on an object. */
export function actsOn(found: Found, session: Session): readonly Act[] {
  return VERBS.flatMap((verb) => actOf(verb, found, session) ?? []).filter(({ verdict }) => verdict.allowed);
}

/** The permissions that the admin of a team has in it. */
const TEAM_ADMIN: ReadonlySet<Permission> = new Set([
  'teams.read',
  'usage.read',
  'keys.manage',
  'key_limits.change',
  'team_members.manage',
  'team_access.narrow',
]);

/** Returns the verdict from the session alone. The page that opens decides by the object's own rights. */
function verdictOn(needs: readonly Permission[], found: Found, session: Session): Verdict {
  const { organization_id: organization, team_id: team } = found;
  const inOrganization = organization === null ? undefined : session.capabilities_by_organization[organization];
  const held = inOrganization ?? session.platform_capabilities;
  const roles = session.memberships.flatMap(({ teams }) => teams).filter(({ team_id }) => team_id === team);
  const isTeamAdmin = roles.some(({ role }) => role === 'team_admin');
  const may = needs.some(
    (permission) =>
      held.includes(permission) ||
      (isTeamAdmin && TEAM_ADMIN.has(permission)) ||
      // Whose object it is only its page knows, and a model belongs to no organization.
      (permission === 'keys.manage_own' && session.capabilities_anywhere.includes(permission)) ||
      (permission === 'usage.read' && organization === null && session.capabilities_anywhere.includes(permission)),
  );
  return may ? { allowed: true, reason: null } : verdictOf(needs[0] ?? 'organization.read', []);
}
