import type { Api } from '../api.ts';
import type { Command, Session } from '../command.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
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
  /** A gateway of an earlier version has no such field. */
  readonly missing_chains?: readonly MissingChain[];
}

interface MissingChain {
  readonly organization_id: string;
  readonly file: string;
  readonly seq: number;
}

const BROKEN: Readonly<Record<string, string>> = {
  hash: ': it does not follow from the event before',
  key: ': its check under this installation’s audit key fails',
  no_key: ': it was written without the audit key, although every writer had the key',
  head: ': the chain does not end at its recorded head',
  remembered:
    ': it differs from the copy in a file of the gateway’s data directory. If the database was restored or failed over, that is why: stop the gateway, move its audit-heads away, start it',
};

/** Returns a sentence about a broken chain, with the word by which the guide's table names the reason. */
function brokenLine(chain: string, { broken_at_seq, broken_because }: Verdict): string {
  const because = broken_because === null ? '' : ` (${broken_because})${BROKEN[broken_because] ?? ''}`;
  return `The audit chain of ${chain} is broken at event ${broken_at_seq}${because}.`;
}

/** Returns a sentence about a chain of which the database has nothing. */
function missingLine({ organization_id, file, seq }: MissingChain): string {
  return `The audit chain of ${organization_id} is missing (remembered): the database has none of its events, and the gateway wrote event ${seq} in ${file}. A restore or a recovery to a time before that organization explains it: stop the gateway, move its audit-heads away, start it.`;
}

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

const PLATFORM = 'the platform';

const verify: Command = {
  words: ['audit', 'verify'],
  summary: 'check that no audit event was edited, removed or inserted, in any chain; exit code 1 if one was',
  operands: [],
  flags: [
    {
      name: 'organization',
      value: 'id or slug',
      about: 'check only the chain of this organization, also of a deleted one (its id)',
    },
    { name: 'platform', value: null, about: 'check only the platform’s own chain' },
  ],
  run: async (given, session) => {
    const named = given.flag('organization');
    if (named !== undefined && given.has('platform'))
      throw new BadUsage('--organization and --platform cannot be combined. Use one of them.');
    if (named !== undefined) return verifyOne(session, named, await organizationId(session.api, named));
    return given.has('platform') ? verifyOne(session, PLATFORM) : verifyAll(session);
  },
};

/** Verifies one chain: of an organization, or of the platform without an id. Throws CommandFailed if it is broken. */
async function verifyOne(session: Session, chain: string, id?: string): Promise<void> {
  const verdict = await verdictOf(session.api, id);
  if (session.isJson) printJson(session, verdict);
  if (!verdict.intact) throw new CommandFailed(brokenLine(chain, verdict));
  if (!session.isJson) printIntact(session, verdict);
}

/** Verifies the platform's chain and those of all organizations, one after the other. Throws CommandFailed that names all broken ones. */
async function verifyAll(session: Session): Promise<void> {
  const platform = await verdictOf(session.api);
  const broken: { readonly chain: string; readonly organization_id: string | null; readonly verdict: Verdict }[] = [];
  if (!platform.intact) broken.push({ chain: PLATFORM, organization_id: null, verdict: platform });
  const isDue = dueEvery(PROGRESS_MS);
  let [chains, events] = [1, platform.events ?? 0];
  for await (const { id, slug, total } of allOrganizations(session.api)) {
    const verdict = await verdictOf(session.api, id);
    if (!verdict.intact) broken.push({ chain: slug, organization_id: id, verdict });
    chains += 1;
    events += verdict.events ?? 0;
    if (isDue()) session.note(`${chains} of ${total + 1} chains checked, ${broken.length} broken`);
  }
  const missing = platform.missing_chains ?? [];
  const lines = [...broken.map(({ chain, verdict }) => brokenLine(chain, verdict)), ...missing.map(missingLine)];
  if (session.isJson) printJson(session, { intact: lines.length === 0, chains, events, platform, broken });
  if (lines.length > 0) throw new CommandFailed(brokenLines(lines, chains + missing.length));
  if (session.isJson) return;
  printIntact(session, platform);
  session.print(`intact: all ${chains} chains, the platform’s and ${chains - 1} of organizations, with ${events} events`);
}

const PROGRESS_MS = 5_000;
const NAMED_MAX = 100;

function brokenLines(lines: readonly string[], chains: number): string {
  const named = lines.slice(0, NAMED_MAX);
  const more = lines.length > named.length ? [`${lines.length - named.length} more are broken; --json names all.`] : [];
  return [`${lines.length} of ${chains} audit chains are broken.`, ...named, ...more].join('\n');
}

function printIntact(session: Session, verdict: Verdict): void {
  session.print(`intact: ${verdict.events} events, head ${verdict.head_hash}`);
  for (const line of rulesOf(verdict)) session.print(line);
}

async function verdictOf(api: Api, organizationId?: string): Promise<Verdict> {
  return (await api.get('/audit-events/verify', { organization_id: organizationId })) as unknown as Verdict;
}

const PAGE_ROWS = 200;

/** Yields every organization that is not deleted, archived ones too, page by page. */
async function* allOrganizations(
  api: Api,
): AsyncGenerator<{ readonly id: string; readonly slug: string; readonly total: number }> {
  let cursor: string | undefined;
  do {
    const page = await api.get('/organizations', { status: 'all', limit: PAGE_ROWS, cursor });
    for (const { id, slug } of page.data as readonly { id: string; slug: string }[])
      yield { id, slug, total: Number(page.total) };
    cursor = typeof page.next_cursor === 'string' ? page.next_cursor : undefined;
  } while (cursor !== undefined);
}

/** Returns a function that is true once in so many milliseconds. */
function dueEvery(everyMs: number): () => boolean {
  let lastMs = performance.now();
  return () => {
    if (performance.now() - lastMs < everyMs) return false;
    lastMs = performance.now();
    return true;
  };
}

export const auditCommands: readonly Command[] = [list, verify];
