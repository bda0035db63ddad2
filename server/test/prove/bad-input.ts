// The table of bad input at a real gateway: every row's status and code, no call of a provider, nothing charged, nothing given away. Then slow
// clients, the control plane's rows, limits and budgets of 0, and starts that must be refused.
import { BODY_ROWS } from '../bad-input/body-rows.ts';
import { CHAT, GOOD_BODY, type Row, rowProblems } from '../bad-input/row.ts';
import { WIRE_ROWS } from '../bad-input/wire-rows.ts';
import { postBytes, sendRaw } from '../support/raw-http.ts';
import { adminProblems } from './bad-input-admin.ts';
import { type BadInputGateway, openBadInputGateway, REDIRECT } from './bad-input-site.ts';
import { slowClientProblems } from './bad-input-slow.ts';
import { zeroProblems } from './bad-input-zero.ts';
import { startProblems } from './bad-starts.ts';
import { inParallel } from './data-plane.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const AT_ONCE = 4;

interface Found {
  readonly rows: number;
  readonly problems: readonly string[];
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const site = await openBadInputGateway({ HEADGATE_STALL_SECONDS: '1' });
  try {
    const rows = [...BODY_ROWS, ...WIRE_ROWS];
    const found = await inParallel(rows, AT_ONCE, (row) => problemsOf(site, row));
    const table = { rows: rows.length, problems: [...found.flat(), ...(await costProblems(site))] };
    return allOf([
      judged('requests refused: status, code, upstream calls 0, charged 0, nothing given away', table),
      judged('admin requests refused with their field, nothing stored', await adminProblems(site)),
      judged('provider that points at a metadata address is not followed', await redirectProblems(site)),
      judged('limits and budgets of 0 refuse everything', await zeroProblems(site)),
      judged('slow clients are waited for only so long', await slowClientProblems(site, quick)),
      judged('starts refused: exit 1, one line that names the cause, nothing touched', await startProblems({ quick })),
    ]);
  } finally {
    await site.close();
  }
}

function judged(figure: string, { rows, problems }: Found): ProveResult {
  return { holds: problems.length === 0, figure: `${rows} ${figure}`, details: problems };
}

async function problemsOf(site: BadInputGateway, row: Row): Promise<string[]> {
  const pieces = row.pieces === undefined ? {} : { pieces: row.pieces(site.secrets) };
  return rowProblems(await sendRaw(site.port, row.bytes(site.secrets), pieces), row, site.unspeakable);
}

/** Nothing of all that reached a provider or cost anything, and the same gateway answers who asks well. */
async function costProblems(site: BadInputGateway): Promise<string[]> {
  const problems: string[] = [];
  if (site.upstreamCalls() !== 0) problems.push(`${site.upstreamCalls()} calls reached the provider`);
  const charged = await site.charged();
  if (charged !== 0) problems.push(`${charged} nano-USD were charged`);
  const answer = await sendRaw(site.port, postBytes(CHAT, site.secrets.good, JSON.stringify(GOOD_BODY)));
  if (answer.status !== 200 || site.upstreamCalls() !== 1) problems.push(`a good request was answered ${answer.status}`);
  const leak = site.unspeakable.find((word) => word !== site.gateway.dataDir && site.gateway.output().includes(word));
  if (leak !== undefined) problems.push(`the gateway printed ${JSON.stringify(leak)}`);
  return problems;
}

/** The provider itself is asked once, and what it points at never. */
async function redirectProblems(site: BadInputGateway): Promise<Found> {
  const [calls, charged] = [site.upstreamCalls(), await site.charged()];
  const answer = await sendRaw(site.port, postBytes(CHAT, site.secrets.good, JSON.stringify({ ...GOOD_BODY, model: REDIRECT })));
  const problems: string[] = [];
  if (answer.status !== 502 || !answer.body.includes('"provider_error"'))
    problems.push(`answered ${answer.status}: ${answer.body}`);
  if (answer.everything.includes('169.254')) problems.push('the answer says where it points');
  if (site.upstreamCalls() !== calls + 1 || (await site.charged()) !== charged)
    problems.push('it was followed, repeated or charged');
  return { rows: 1, problems };
}
