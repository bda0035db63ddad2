import type { OrganizationRole, TeamRole } from '../../domain/tenancy/permission.ts';
import type { AdminCall } from '../http/call.ts';
import { ownOriginOf } from '../http/own-origin.ts';
import { mailLater } from '../session/mail-later.ts';

/** The place that somebody was added to, and the role there. */
interface AddedTo {
  readonly organization: { readonly id: string; readonly name: string };
  readonly team?: { readonly name: string };
  readonly role: OrganizationRole | TeamRole;
}

/**
 * Tells a person by mail that somebody added their account to an organization or to a team, because they accepted nothing. People
 * who add themselves get no mail.
 */
export function tellOfMembership(
  call: AdminCall<unknown, unknown, unknown>,
  person: { readonly accountId: string; readonly name: string; readonly email: string },
  { organization, team, role }: AddedTo,
): void {
  const { actor } = call;
  if (actor.accountId === person.accountId) return;
  const place = team === undefined ? organization.name : `the team ${team.name} of ${organization.name}`;
  const letter = {
    to: person.email,
    subject: `${actor.name} added you to ${place}`,
    paragraphs: [`Hello ${person.name},`, `${actor.name} added your Headgate account to ${place} as ${ROLES[role]}.`],
    link: { label: 'Open the organization', url: `${ownOriginOf(call as AdminCall)}/organizations/${organization.id}` },
    closing: ['You do not need to do anything. If you do not want this, ask an admin of the organization to remove you.'],
  };
  mailLater(call, letter, 'the mail about a new membership could not be sent');
}

const ROLES: Readonly<Record<AddedTo['role'], string>> = {
  org_owner: 'an owner',
  org_admin: 'an admin',
  org_billing: 'a member with the role billing',
  org_auditor: 'an auditor',
  org_member: 'a member',
  team_admin: 'a team admin',
  team_developer: 'a developer',
  team_viewer: 'a viewer',
};
