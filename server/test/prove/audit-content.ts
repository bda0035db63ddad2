// What is kept of prompts and answers: as the organization's policy says, sealed wherever it lies, read by few, and gone with its key.
import { startPostgres } from '../support/postgres.ts';
import { handEditsAreFound, verifyChain } from './audit-chain.ts';
import { type Asked, echo, FORMS, MODES, type Mode, promptOf, type Story, tell, WORD } from './audit-story.ts';
import { chat } from './data-plane.ts';
import { type Answer, type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { startSmallProvider } from './small-provider.ts';
import { dumpOf, filesOf, hitsOf, inDatabase, type Where } from './stored-rows.ts';
import { PROVIDER_SECRET } from './tenant.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const embedded = await onEngine('embedded', null);
  if (quick) return embedded;
  const postgres = await startPostgres();
  if (postgres === null) return { ...embedded, figure: `${embedded.figure}; PostgreSQL is not on this machine` };
  try {
    return allOf([embedded, await onEngine('PostgreSQL', postgres.url)]);
  } finally {
    await postgres.stop();
  }
}

async function onEngine(engine: string, databaseUrl: string | null): Promise<ProveResult> {
  const provider = await startSmallProvider(echo);
  const dataDir = temporaryDirectory();
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const where = databaseUrl === null ? { dataDir } : { databaseUrl };
  try {
    const first = await startGateway({ dataDir, env });
    const story = await tell(first, provider);
    const reading = await whatIsStored(first, story, 'from memory');
    // Killed, so that the journal still holds what was not stored.
    await chat(first, story.secrets[0] as string, 'said', { prompt: promptOf('full', 'json') });
    await first.kill();
    const again = { dataDir, adminToken: first.adminToken, env: { ...env, HEADGATE_LOG: 'json' } };
    const checks = [reading, await liesNowhere('after a kill', { where, dataDir, gateway: first, journal: 'holds rows' }, story)];
    const second = await startGateway(again);
    checks.push(await whatIsStored(second, story, 'from the database'), await onlySomeMayRead(second, story));
    checks.push(await chainsHold(second, story), await goneWithItsKey(second, story));
    await second.stop();
    checks.push(await liesNowhere('after the deletion', { where, dataDir, gateway: second, journal: 'is drained' }, story));
    const { off, metadata, full } = story.organizations;
    checks.push(await handEditsAreFound(where, again, { edited: off, removed: metadata, cut: full }));
    const result = allOf(checks);
    return { ...result, figure: `${engine}: ${result.figure}` };
  } finally {
    await provider.stop();
  }
}

type Content = { readonly mode: string; readonly request: unknown; readonly response: unknown } | null;
interface ReadRequest {
  readonly id: string;
  readonly content?: Content;
}

/** Each request is read once, as the platform's admin; each that had content is an event of its organization's chain. */
async function whatIsStored(gateway: Gateway, story: Story, source: string): Promise<ProveResult> {
  const before = await readEvents(gateway, story);
  const wrong: string[] = [];
  const found: Record<Mode, number> = { off: 0, metadata: 0, full: 0 };
  for (const one of story.asked) {
    const { content } = await gateway.admin<ReadRequest>('GET', `/requests/${one.requestId}?content=true`);
    if (content !== null) found[one.mode] += 1;
    if (!isAsPolicySays(one, content ?? null))
      wrong.push(`${one.mode} ${one.form}: ${one.said.status} ${JSON.stringify(content)}`);
  }
  const events = (await readEvents(gateway, story)) - before;
  const reads = found.off + found.metadata + found.full;
  return {
    holds: wrong.length === 0 && events === reads,
    figure: `${source}: content of ${MODES.map((mode) => `${mode} ${found[mode]}`).join(', ')} of ${FORMS.length} each, ${reads} reads, ${events} audit events, wrong ${wrong.length}`,
    details: wrong,
  };
}

function isAsPolicySays({ mode, form, said }: Asked, content: Content): boolean {
  // What was refused before it was held reached nobody, and nothing of it is kept.
  if (mode === 'off' || form === 'refused') return content === null;
  if (content === null || content.mode !== mode) return false;
  const text = JSON.stringify(content);
  const prompt = promptOf(mode, form);
  if (mode === 'metadata') return !text.includes(WORD) && /"role":"user","bytes":\d+/.test(text);
  const hasAnswer = form === 'json' || form === 'stream';
  if (!text.includes(prompt)) return false;
  return hasAnswer ? said.status === 200 && text.includes('answer') : content.response === null;
}

async function readEvents(gateway: Gateway, { organizations }: Story): Promise<number> {
  let events = 0;
  for (const id of Object.values(organizations)) {
    const at = `/organizations/${id}/audit-events?action=request_content.read&limit=200`;
    events += (await gateway.admin<{ data: unknown[] }>('GET', at)).data.length;
  }
  return events;
}

/** What a gateway that has ended left behind. */
interface Left {
  readonly where: Where;
  readonly dataDir: string;
  readonly gateway: Gateway;
  readonly journal: 'holds rows' | 'is drained';
}

/** Secrets and what was said are looked for in files, database and log; what must be there too, or an empty place would pass. */
async function liesNowhere(when: string, { where, dataDir, gateway, journal }: Left, story: Story): Promise<ProveResult> {
  const dump = { name: 'database dump', bytes: Buffer.from(await inDatabase(where, dumpOf)) };
  const log = { name: 'log', bytes: Buffer.from(gateway.output()) };
  const files = filesOf(dataDir);
  const hits = hitsOf([WORD, PROVIDER_SECRET, ...story.secrets], [dump, log, ...files]);
  const inJournal = files.some(({ name, bytes }) => name.startsWith('journal') && bytes.includes('req_'));
  const isThere = dump.bytes.includes(story.asked.at(-1)?.requestId ?? '') && inJournal === (journal === 'holds rows');
  const mebibytes = Math.round(files.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2 ** 20);
  const rows = dump.bytes.toString().split('\n').length;
  const looked = `${rows} rows, ${log.bytes.length} bytes of log, ${files.length} files of ${mebibytes} MiB (the journal ${inJournal ? 'holds rows' : 'is drained'})`;
  return { holds: hits.length === 0 && isThere, figure: `${when}: ${looked}: ${hits.length} hits`, details: hits.slice(0, 20) };
}

const READERS = {
  org_owner: 200,
  org_auditor: 200,
  org_admin: 403,
  org_billing: 403,
  platform_auditor: 403,
} as const;

async function onlySomeMayRead(gateway: Gateway, story: Story): Promise<ProveResult> {
  const { requestId } = story.asked.find(({ mode, form }) => mode === 'full' && form === 'json') as Asked;
  const told: string[] = [];
  const wrong: string[] = [];
  const ask = async (role: string, organizationId: string | null, want: number) => {
    const body = { name: role, role, organization_id: organizationId };
    const { token } = await gateway.admin<{ token: string }>('POST', '/admin-tokens', body);
    const answer = await readAs(gateway, token, `/requests/${requestId}?content=true`);
    told.push(`${role} ${answer.status}`);
    const isOpen = JSON.stringify(answer.body).includes(WORD);
    const plain = await readAs(gateway, token, `/requests/${requestId}`);
    const leaks = want !== 200 && JSON.stringify(plain.body).includes(WORD);
    if (answer.status !== want || isOpen !== (want === 200) || leaks)
      wrong.push(`${role}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  for (const [role, want] of Object.entries(READERS)) {
    await ask(role, role.startsWith('platform') ? null : story.organizations.full, want);
  }
  await ask('org_owner', story.organizations.off, 404);
  return { holds: wrong.length === 0, figure: `readers: ${told.join(', ')} of another organization`, details: wrong };
}

async function readAs(gateway: Gateway, token: string, at: string): Promise<Pick<Answer, 'status' | 'body'>> {
  const response = await fetch(`${gateway.base}/api/v1${at}`, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}

async function chainsHold(gateway: Gateway, { organizations }: Story): Promise<ProveResult> {
  const verdicts = [];
  for (const chain of [null, ...Object.values(organizations)]) verdicts.push(await verifyChain(gateway, chain));
  const events = verdicts.map((verdict) => verdict.events ?? 0);
  return {
    holds: verdicts.every(({ intact }) => intact) && events.every((count) => count >= 3),
    figure: `${verdicts.length} chains of ${events.join(', ')} events ${verdicts.every(({ intact }) => intact) ? 'intact' : 'broken'}`,
    details: verdicts.map((verdict) => JSON.stringify(verdict)),
  };
}

/** The rows stay, and nobody can read what was said in them. */
async function goneWithItsKey(gateway: Gateway, story: Story): Promise<ProveResult> {
  const id = story.organizations.full;
  await gateway.admin('POST', `/organizations/${id}/archive`);
  await gateway.admin('DELETE', `/organizations/${id}`);
  const kept = story.asked.filter(({ mode, form }) => mode === 'full' && form !== 'refused');
  const read: ReadRequest[] = [];
  for (const { requestId } of kept) read.push(await gateway.admin<ReadRequest>('GET', `/requests/${requestId}?content=true`));
  const readable = read.filter(({ content }) => content !== null).length;
  return { holds: readable === 0 && read.length > 0, figure: `deleted: ${read.length} rows stay, ${readable} readable` };
}
