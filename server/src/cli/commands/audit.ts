import type { Command } from '../command.ts';
import { CommandFailed } from '../outcome.ts';
import { printJson } from '../print.ts';
import { organizationId } from './organizations.ts';

const verify: Command = {
  words: ['audit', 'verify'],
  summary: 'prove that no audit event was edited, removed or put in; exit code 1 when one was',
  operands: [],
  flags: [{ name: 'organization', value: 'id or slug', about: 'its chain; the platform’s own unless said' }],
  run: async (given, session) => {
    const named = given.flag('organization');
    const organization = named === undefined ? undefined : await organizationId(session.api, named);
    const verdict = await session.api.get('/audit-events/verify', { organization_id: organization });
    if (session.isJson) printJson(session, verdict);
    if (verdict.intact !== true) throw new CommandFailed(`The chain is broken at event ${verdict.broken_at_seq}.`);
    if (!session.isJson) session.print(`intact: ${verdict.events} events, head ${verdict.head_hash}`);
  },
};

export const auditCommands: readonly Command[] = [verify];
