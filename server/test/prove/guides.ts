// The guides of clients: each client's own program, with the setting of its guide, prints what the guide says that it prints.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CLIENTS, type Client } from '../../../console/src/pages/callable-models/client-settings.ts';
import { CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE, PLATFORM } from './agent-programs.ts';
import { type Gateway, repository, startChild, startGateway, temporaryDirectory } from './gateway.ts';
import { notPrinted, type Transcript, transcriptsIn } from './guide-transcripts.ts';
import { npmPackages } from './npm-program.ts';
import { allOf, isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';
import { makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const COMMAND_MS_MAX = 240_000;
const LANES = 3;

/** A client that a machine without a screen can run. */
interface Installed {
  readonly packages: readonly string[];
  /** Where its program is, by the name of its command, if npm's own link needs a script that is not run. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** The guides of the other clients say that we did not run them. */
const INSTALLED: Readonly<Record<string, Installed>> = {
  'claude-code': {
    packages: [`@anthropic-ai/claude-code@${CLAUDE_CODE.version}`],
    programs: { claude: `@anthropic-ai/claude-code-${PLATFORM}/claude` },
  },
  codex: { packages: [`@openai/codex@${CODEX.version}`] },
  opencode: { packages: [`opencode-ai@${OPENCODE.version}`], programs: { opencode: `opencode-${PLATFORM}/bin/opencode` } },
  'gemini-cli': { packages: [`@google/gemini-cli@${GEMINI_CLI.version}`] },
  continue: { packages: ['@continuedev/cli@1.5.47'] },
  langchain: { packages: ['@langchain/openai@1.6.0', '@langchain/core'] },
  'vercel-ai-sdk': { packages: ['ai@7.0.173', '@ai-sdk/openai@4.0.118', '@ai-sdk/anthropic@4.0.105'] },
};

/** The keys that transcripts name. Each transcript gets a new one. */
const KEYS: Readonly<Record<string, object>> = {
  good: {},
  'used up': { budgets: [{ amount: '0.000001', period: 'month' }] },
  'one a minute': { rate_limits: { rpm: 1 } },
};

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: true, figure: '', skipped: 'the clients of the guides are installed and run in full only' };
  const gateway = await startGateway();
  try {
    const allPrices = { input: '1.00', cached_input: '0.10', cache_write: '1.25', output: '10.00' };
    const prices = Object.fromEntries(Object.entries(allPrices).map(([bucket, usd]) => [`${bucket}_per_million`, usd]));
    for (const [model, upstreamModel] of [
      ['fast', 'fake-small'],
      ['smart', 'fake-large'],
    ] as const)
      await makeModel(gateway, { model, provider: 'fake', upstreamModel }, { prices });
    await makeModel(gateway, { model: 'no-cache-price', provider: 'fake', upstreamModel: 'fake-small' });
    const tenant = await makeTenant(gateway);
    const left = CLIENTS.filter(({ id }) => isRowWanted(id));
    const checks: ProveResult[] = [];
    const lane = async () => {
      for (let client = left.shift(); client !== undefined; client = left.shift()) {
        doing?.(client.name);
        checks.push(await guideOf(client, gateway, tenant));
      }
    };
    // They wait more than they compute: for limits that pass, and between attempts.
    await Promise.all(Array.from({ length: LANES }, lane));
    return allOf(checks);
  } finally {
    await gateway.stop();
  }
}

async function guideOf(client: Client, gateway: Gateway, tenant: Tenant): Promise<ProveResult> {
  const file = `docs/guides/${client.id}.md`;
  const page = readFileSync(path.join(repository, file), 'utf8');
  const transcripts = transcriptsIn(page);
  const installed = INSTALLED[client.id];
  if (installed === undefined) {
    const says = page.includes('We did not run it.') && transcripts.length === 0;
    return { holds: says, figure: `${client.name}: not run`, details: [`${file} does not say that it was not run`] };
  }
  const modules = npmPackages(client.id, installed.packages);
  if (modules === null) return { holds: true, figure: `${client.name}: its packages cannot be installed` };
  const missed: string[] = [];
  for (const transcript of transcripts) {
    const output = await printedBy(transcript, client, { gateway, tenant, modules, installed }).catch(
      (error: Error) => `${error.message}: ${String(error.cause)}`,
    );
    const lines = notPrinted(transcript, output);
    if (lines.length > 0) missed.push(...lines.map((line) => `${file}:${transcript.line}: not printed: ${line}`), output);
  }
  return {
    holds: missed.length === 0 && transcripts.length > 0,
    figure: `${client.name}: ${transcripts.length} transcripts`,
    details: missed,
  };
}

interface Place {
  readonly gateway: Gateway;
  readonly tenant: Tenant;
  /** The folder of its packages. */
  readonly modules: string;
  readonly installed: Installed;
}

/** Runs a transcript's command in a new home and folder with the guide's settings, and returns what it prints. */
async function printedBy(transcript: Transcript, client: Client, place: Place): Promise<string> {
  const { gateway, tenant, modules, installed } = place;
  const [home, work] = [temporaryDirectory(), temporaryDirectory()];
  const key = await makeKey(gateway, tenant, KEYS[transcript.key]);
  if (transcript.key === 'one a minute') await useOnce(gateway, key.secret);
  const shell: string[] = [];
  const scripts: string[] = [];
  for (const { where, language, text } of client.texts) {
    const filled = text({ baseUrl: gateway.base, models: ['fast', 'smart'] });
    if (language === 'sh') shell.push(filled);
    else if (language === 'js') scripts.push(filled);
    else if (language !== 'python')
      put(where.startsWith('~/') ? path.join(home, where.slice(2)) : path.join(work, where), filled);
  }
  for (const [index, script] of scripts.entries()) put(path.join(work, `hello${index === 0 ? '' : index + 1}.mjs`), script);
  symlinkSync(modules, path.join(work, 'node_modules'));
  const bin = path.join(home, 'bin');
  mkdirSync(bin);
  for (const [name, program] of Object.entries(installed.programs ?? {}))
    symlinkSync(path.join(modules, program), path.join(bin, name));
  const child = startChild(['bash', '-c', [...shell, `${transcript.command} 2>&1`].join('\n')], {
    cwd: work,
    env: {
      PATH: [bin, path.join(modules, '.bin'), path.dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
      HOME: home,
      HEADGATE_KEY: key.secret,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return output.replaceAll(gateway.base, 'https://gateway.example.com').replaceAll(key.id, 'key_…');
}

function put(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function useOnce({ base }: Gateway, secret: string): Promise<void> {
  const answer = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', max_tokens: 9, messages: [{ role: 'user', content: 'Hi.' }] }),
  });
  await answer.arrayBuffer();
}
