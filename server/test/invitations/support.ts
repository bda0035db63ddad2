import { expect } from 'vitest';
import { type AdminWorld, type Client, must } from '../admin/support.ts';
import { type Browser, makePerson, PASSWORD } from '../identity/support.ts';

let invited = 0;

/** An address that nobody has. */
export function freshEmail(): string {
  invited += 1;
  return `invited-${process.pid}-${invited}@example.com`;
}

/** The token inside a link. */
export function tokenIn(link: string): string {
  return new URL(link).searchParams.get('token') ?? '';
}

/** Invites and returns the answer with the link's token. */
export async function invite(as: Client | Browser, body: object) {
  const sent = must(await as('POST', '/invitations', { email: freshEmail(), ...body }));
  return { ...sent, token: tokenIn(sent.link) };
}

/** What somebody new says of themselves. */
export const NEWCOMER = { name: 'Ada Lovelace', password: PASSWORD };

/** A person who is a member of the organization, with that role. */
export async function makeMember(world: AdminWorld, organizationId: string, role: string) {
  const account = await makePerson(world);
  const member = must(await world.root('POST', `/organizations/${organizationId}/members`, { account_id: account.id, role }));
  return { account, memberId: member.id as string };
}

/** The audit actions of an organization's chain, or of the platform's, newest first. */
export async function actionsOf(root: Client, organizationId: string | null): Promise<readonly string[]> {
  const query = organizationId === null ? '' : `&organization_id=${organizationId}`;
  const { data } = must(await root('GET', `/audit-events?limit=200${query}`));
  expect(Array.isArray(data)).toBe(true);
  return data.map((event: { action: string }) => event.action);
}
