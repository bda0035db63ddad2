import { api, asked, Problem, type Schema } from '../../api/client.ts';
import { movedFields } from '../../api/field-errors.ts';
import type { IdempotencyHeader } from '../../components/dialogs/FormDialog.tsx';
import { type ORGANIZATION_ROLES, type PLATFORM_ROLES, roleWord } from '../../components/fields/RoleSelect.tsx';
import type { TeamRoleDraft } from './TeamRolesField.tsx';
import { words } from './words.ts';

/** An account that may be chosen. `member` is its membership in the organization of the dialog. */
export type Person = Pick<Schema<'MemberCandidate'>, 'account_id' | 'name' | 'email' | 'member' | 'may_add'> & {
  readonly platform_role?: Schema<'Account'>['platform_role'];
};

/** The membership that a person gets. */
export interface MembershipDraft {
  readonly organization_id: string | undefined;
  readonly role: (typeof ORGANIZATION_ROLES)[number];
  readonly teams: readonly TeamRoleDraft[];
}

export interface AddPersonDraft extends MembershipDraft {
  /** A whole e-mail address when the form is sent; before, it can be the beginning of a name. */
  readonly email: string;
  readonly place: 'organization' | 'platform';
  readonly platform_role: (typeof PLATFORM_ROLES)[number];
}

/** The result of adding a person: an account was added, with the way to undo it, or an address was invited. */
export type Added =
  | { readonly is: 'added'; readonly name: string; readonly undo: () => Promise<unknown> }
  | { readonly is: 'invited'; readonly sent: Schema<'SentInvitation'> };

export function isAddress(text: string): boolean {
  return /^\S+@\S+$/.test(text.trim());
}

/** Adds the person, if the address has an account that the caller may choose. Invites the address otherwise. */
export async function addPerson(draft: AddPersonDraft, person: Person | null, header: IdempotencyHeader): Promise<Added> {
  if (person === null) return invite(draft, header);
  return draft.place === 'platform' ? givePlatformRole(draft, person) : addAccount(draft, person, header);
}

async function invite(draft: AddPersonDraft, header: IdempotencyHeader): Promise<Added> {
  const { place, organization_id = null, role, platform_role, teams } = draft;
  const email = draft.email.trim();
  const body =
    place === 'platform'
      ? { email, organization_id: null, role: platform_role }
      : { email, organization_id, role, teams: [...teams] };
  return { is: 'invited', sent: await asked(api.POST('/invitations', { params: { header }, body })) };
}

/** Makes an account a member. Removing the member undoes it, and removes them from the teams too. */
export async function addAccount(
  { organization_id: id = '', role, teams }: MembershipDraft,
  { account_id, name, member }: Pick<Person, 'account_id' | 'name' | 'member'>,
  header: IdempotencyHeader,
): Promise<Added> {
  if (member !== null) throw refused(words.alreadyMemberHere(name, roleWord(member.role)));
  const call = api.POST('/organizations/{id}/members', {
    params: { path: { id }, header },
    body: { account_id, role, teams: [...teams] },
  });
  const added = await asked(call).catch((error: unknown) => {
    throw movedFields(error, { '/account_id': '/email' });
  });
  const path = { id, member_id: added.id };
  return { is: 'added', name, undo: () => asked(api.DELETE('/organizations/{id}/members/{member_id}', { params: { path } })) };
}

/** Adds a member of the organization to a team. */
export async function addToTeam(
  { team_id: id, role }: TeamRoleDraft,
  who: { readonly account_id: string } | { readonly email: string },
  header: IdempotencyHeader,
): Promise<Added> {
  const call = api.POST('/teams/{id}/members', { params: { path: { id }, header }, body: { ...who, role } });
  const { name, member_id } = await asked(call).catch((error: unknown) => {
    throw movedFields(error, { '/account_id': '/email', '/role': '/team_role' });
  });
  const path = { id, member_id };
  return { is: 'added', name, undo: () => asked(api.DELETE('/teams/{id}/members/{member_id}', { params: { path } })) };
}

async function givePlatformRole({ platform_role }: AddPersonDraft, person: Person): Promise<Added> {
  const { account_id: id, name, platform_role: present = null } = person;
  if (present !== null) throw refused(words.alreadyHasRole(name, roleWord(present)));
  const set = (role: Schema<'Account'>['platform_role']) =>
    asked(api.PATCH('/accounts/{id}', { params: { path: { id } }, body: { platform_role: role } }));
  await set(platform_role);
  return { is: 'added', name, undo: () => set(null) };
}

function refused(message: string): Problem {
  return new Problem(409, message, { fields: { '/email': message } });
}
