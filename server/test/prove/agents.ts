// Coding agents by their own programs make a shell call through the gateway: on the vendor that each was made for, and on others.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Agent, CLAUDE_CODE, CODEX, CODEX_AS_OPENAI, compacting, GEMINI_CLI, OPENCODE } from './agent-programs.ts';
import {
  type Ask,
  compactionItem,
  eventsOf,
  type Seen,
  startVendors,
  VENDORS,
  type Vendor,
  type Vendors,
} from './agent-vendors.ts';
import { type Gateway, startChild, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET } from './tenant.ts';

const TURN_MS_MAX = 120_000;
const BOOKED_TRIES = 50;
const BOOKED_WAIT_MS = 100;
/** The word with which Gemini 3 accepts a call without a signature. */
const LOST = 'skip_thought_signature_validator';

interface Turn {
  readonly agent: Agent;
  readonly vendor: Vendor;
  /** The requests that the vendor gets, beside those for titles and their like. */
  readonly asks: readonly Ask[];
}

const SHELL_CALL: readonly Ask[] = ['call', 'words'];

const TURNS: readonly Turn[] = [
  ...on(CODEX, 'responses', 'chat', 'claude', 'gemini'),
  ...on(CODEX_AS_OPENAI, 'responses'),
  ...on(CLAUDE_CODE, 'claude', 'chat', 'gemini'),
  ...on(OPENCODE, 'chat', 'claude', 'gemini'),
  ...on(GEMINI_CLI, 'gemini', 'chat', 'claude'),
  { agent: compacting(CODEX_AS_OPENAI), vendor: VENDORS.responses, asks: ['call', 'compaction', 'words'] },
  { agent: compacting(CODEX), vendor: VENDORS.responses, asks: ['call', 'summary', 'words'] },
  { agent: compacting(CODEX), vendor: VENDORS.claude, asks: ['call', 'summary', 'words'] },
];

function on(agent: Agent, ...models: Vendor['model'][]): Turn[] {
  return models.map((model) => ({ agent, vendor: VENDORS[model], asks: SHELL_CALL }));
}

/** Quick: two programs on two vendors each. The others are large to install. */
function turnsOf(quick: boolean): readonly Turn[] {
  return quick ? [...on(CODEX, 'responses', 'claude'), ...on(GEMINI_CLI, 'gemini', 'chat')] : TURNS;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const turns = turnsOf(quick);
  const missing = turns.map(({ agent }) => agent).find((agent) => agent.program() === null);
  if (missing !== undefined)
    return { holds: false, figure: '', skipped: `${missing.name} ${missing.version} cannot be installed from npm` };
  const vendors = await startVendors();
  const gateway = await startGateway({ env: { HEADGATE_RESPONSES_UPSTREAMS: vendors.native } });
  try {
    for (const { model, upstreamModel, provider, base } of Object.values(VENDORS)) {
      const address = `http://${model === 'chat' ? vendors.chatOnly : vendors.native}${base}`;
      const credentialId = await makeCredential(gateway, provider, address);
      await makeModel(gateway, { model, provider, upstreamModel, credentialId });
    }
    const tenant = await makeTenant(gateway);
    const checks: ProveResult[] = [];
    for (const turn of turns) {
      vendors.seen.length = 0;
      vendors.shell = turn.agent.shell;
      checks.push(await made(turn, gateway, await makeKey(gateway, tenant), vendors));
    }
    return allOf(checks);
  } finally {
    await gateway.stop();
    vendors.stop();
  }
}

async function made(turn: Turn, gateway: Gateway, key: Key, { seen }: Vendors): Promise<ProveResult> {
  const { agent, vendor, asks } = turn;
  const name = `${agent.name} ${agent.version} on ${vendor.model}`;
  const work = temporaryDirectory();
  const { exitCode, said } = await ended(agent, { work, base: gateway.base, secret: key.secret, model: vendor.model });
  const got = seen.map(({ ask }) => ask).filter((ask) => ask !== 'beside');
  const problems = [
    ...(exitCode === 0 ? [] : [`it ended with ${exitCode}`]),
    ...(existsSync(path.join(work, 'mark')) ? [] : ['its shell call was not made']),
    ...(got.join() === asks.join() ? [] : [`the provider was asked for ${got.join(', ')}`]),
    ...seen.flatMap((request) => leaksOf(request, turn, key.secret)),
    ...resultLost(turn, seen),
    ...signatureLost(turn, seen),
    ...(await bookedWrongly(gateway, key.id, agent, seen)),
  ];
  const lost = await lostBy(gateway, key.id);
  return {
    holds: problems.length === 0,
    figure: `${name}: ${got.length} requests, ${problems.length} faults${lost.length === 0 ? '' : `, loses ${lost.join(' ')}`}`,
    details: problems.length === 0 ? [] : [...problems.map((what) => `${name}: ${what}`), ...said.split('\n').slice(-25)],
  };
}

async function ended(agent: Agent, run: { work: string; base: string; secret: string; model: string }) {
  const home = temporaryDirectory();
  const { args, env } = agent.begin({ ...run, home });
  const child = startChild([agent.program() ?? '', ...args], {
    cwd: run.work,
    env: { PATH: process.env.PATH ?? '', HOME: home, ...env },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), TURN_MS_MAX);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { exitCode, said };
}

/** Returns what a provider must not be told, and was. */
function leaksOf({ path: at, headers, text }: Seen, { agent, vendor }: Turn, secret: string): string[] {
  const told = Object.keys(headers).filter((name) => agent.secretHeaders.test(name));
  const keys = [headers['x-goog-api-key'], headers['x-api-key'], headers.authorization].filter((key) => key !== undefined);
  const isStored = vendor.model === 'responses' && !text.includes('"store":false');
  return [
    ...(vendor.asked.test(at) ? [] : [`the provider was asked at ${at}`]),
    ...told.map((name) => `the header ${name} was passed on`),
    ...(keys.length === 1 && String(keys[0]).includes(PROVIDER_SECRET) ? [] : ['the provider did not get its own key alone']),
    ...(text.includes(secret) ? ['the caller’s key was passed on'] : []),
    ...(agent.secretTexts.test(text) ? ['a text of its own was passed on'] : []),
    ...(isStored ? ['the provider was not told to store nothing'] : []),
  ];
}

/** The result of the call must arrive; after a compaction, what stands for it. */
function resultLost({ asks }: Turn, seen: readonly Seen[]): string[] {
  const at = seen.findIndex(({ ask }) => ask === 'call');
  const next = seen.slice(at + 1).find(({ ask }) => ask !== 'beside');
  const problems = next?.text.includes('mark-42') ? [] : ['the result of its shell call did not arrive'];
  if (!asks.includes('compaction')) return problems;
  const after = seen.find(({ ask }) => ask === 'words')?.text ?? '';
  return after.includes(compactionItem().encrypted_content) ? problems : [...problems, 'its compaction did not come back'];
}

/** The signature of Gemini's call must come back to Gemini as it was, and nothing must stand for it, where the agent can keep it. */
function signatureLost({ agent, vendor }: Turn, seen: readonly Seen[]): string[] {
  if (vendor.model !== 'gemini' || agent !== GEMINI_CLI) return [];
  const signature = eventsOf(vendor.answers[0])[0].candidates[0].content.parts[0].thoughtSignature;
  const text = seen.find(({ ask }) => ask === 'words')?.text ?? '';
  return text.includes(JSON.stringify(signature)) && !text.includes(LOST) ? [] : ['the signature of its call did not come back'];
}

interface Explained {
  readonly decision: { readonly attempts_made: readonly { readonly dropped: readonly string[] }[] | null } | null;
}

/** Returns the fields of an agent's requests that were lost in translation. */
async function lostBy(gateway: Gateway, keyId: string): Promise<readonly string[]> {
  const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', `/requests?key_id=${keyId}&limit=50`);
  const rows = await Promise.all(data.map(({ id }) => gateway.admin<Explained>('GET', `/requests/${id}`)));
  const dropped = rows.flatMap(({ decision }) => (decision?.attempts_made ?? []).flatMap((attempt) => attempt.dropped));
  return [...new Set(dropped)].sort();
}

/** Returns how the books differ from what the recordings report. */
async function bookedWrongly(gateway: Gateway, keyId: string, { endpoint }: Agent, seen: readonly Seen[]): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    const { data } = await gateway.admin<{
      data: { input_tokens: number; output_tokens: number; reasoning_tokens: number; status: string; endpoint: string }[];
    }>('GET', `/requests?key_id=${keyId}&limit=50`);
    if (data.length < seen.length && tries < BOOKED_TRIES) {
      await new Promise((next) => setTimeout(next, BOOKED_WAIT_MS));
      continue;
    }
    const got = data.map((row) => [row.input_tokens, row.output_tokens + row.reasoning_tokens, row.status, row.endpoint]);
    const expected = seen.map(({ tokens: [input, output] }) => [input, output, 'succeeded', endpoint]);
    const same = JSON.stringify(got.sort()) === JSON.stringify(expected.sort());
    return same ? [] : [`booked ${JSON.stringify(got)}, and the recordings report ${JSON.stringify(expected)}`];
  }
}
