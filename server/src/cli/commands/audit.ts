import type { Command } from '../command.ts';
import { CommandFailed } from '../outcome.ts';
import { printJson } from '../print.ts';
import { list } from './audit-list.ts';
import { organizationId } from './organizations.ts';

/** The fields of `AuditVerdict` that are shown. */
interface Verdict {
  readonly intact: boolean;
  readonly events: number | null;
  readonly head_hash: string | null;
  readonly broken_at_seq: number | null;
  readonly broken_because: string | null;
  readonly keyed_from_seq: number | null;
  readonly unkeyed_since: number;
  readonly last_unkeyed_seq: number | null;
  readonly compared_with: readonly { readonly file: string; readonly seq: number }[];
}

const BROKEN: Readonly<Record<string, string>> = {
  hash: ': it does not follow from the event before',
  key: ': its check under this installation’s audit key fails',
  no_key: ': it was written without the audit key, although every writer had the key',
  head: ': the chain does not end at its recorded head',
  remembered: ': it differs from the copy in a file of the gateway’s data directory',
};

/** Returns lines that say what protects the chain, from which event on, and which files it was compared with. */
function rulesOf({ events, keyed_from_seq, unkeyed_since, last_unkeyed_seq, compared_with }: Verdict): readonly string[] {
  const told: string[] = [];
  if (keyed_from_seq === null) told.push('no event is under the audit key: only hashes protect this chain');
  else if (keyed_from_seq > 1)
    told.push(`events 1 to ${keyed_from_seq - 1}: only hashes, which event ${keyed_from_seq} holds under the audit key`);
  if (keyed_from_seq !== null) told.push(`events ${keyed_from_seq} to ${events}: hashes and the audit key`);
  if (unkeyed_since > 0) {
    told.push(
      `${unkeyed_since} of them, the last one ${last_unkeyed_seq}, written by replicas without the key: only hashes, which the next event holds under the key`,
    );
  }
  for (const { file, seq } of compared_with) told.push(`compared with ${file} in the gateway’s data directory: event ${seq}`);
  if (compared_with.length === 0)
    told.push('compared with no file: the gateway that answered has not written an event of this chain');
  return told;
}

const verify: Command = {
  words: ['audit', 'verify'],
  summary: 'check that no audit event was edited, removed or inserted; exit code 1 if one was',
  operands: [],
  flags: [
    {
      name: 'organization',
      value: 'id or slug',
      about: 'check the chain of this organization (default: the platform’s own chain)',
    },
  ],
  run: async (given, session) => {
    const named = given.flag('organization');
    const organization = named === undefined ? undefined : await organizationId(session.api, named);
    const verdict = (await session.api.get('/audit-events/verify', { organization_id: organization })) as unknown as Verdict;
    if (session.isJson) printJson(session, verdict);
    if (!verdict.intact) {
      const why = BROKEN[verdict.broken_because ?? ''] ?? '';
      throw new CommandFailed(`The audit chain is broken at event ${verdict.broken_at_seq}${why}.`);
    }
    if (session.isJson) return;
    session.print(`intact: ${verdict.events} events, head ${verdict.head_hash}`);
    for (const line of rulesOf(verdict)) session.print(line);
  },
};

export const auditCommands: readonly Command[] = [list, verify];
