// Coding agents by their own programs work with a login: set up by the command line, in, budget seen, out when it is ended, undone byte for byte.
import { chmodSync, existsSync } from 'node:fs';
import path from 'node:path';
import { bytes, run as command, type Home, logIn, newHome, put } from '../cli/login-support.ts';
import { type LoginSite, openLoginSite } from '../logins/site.ts';
import { signUp } from '../support/tenants.ts';
import { type Agent, CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE } from './agent-programs.ts';
import { startVendors, VENDORS, type Vendor, type Vendors } from './agent-vendors.ts';
import { type Gateway, startChild, temporaryDirectory } from './gateway.ts';
import { allOf, isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';
import { makeCredential, makeModel, plainPrices } from './tenant.ts';

const PROGRAM_MS_MAX = 150_000;
const BOOKED_TRIES = 100;
const BOOKED_WAIT_MS = 100;
/** Helpers that ask for a token at once; in a quick run, fewer. */
const AT_ONCE = 20;
const AT_ONCE_QUICK = 8;
const BUDGET_USD = '25.00';

/** An agent with settings of its own that must survive, and the way in which a person starts it. */
interface SetUp {
  readonly agent: Agent;
  readonly name: 'claude' | 'codex' | 'opencode' | 'gemini';
  readonly vendor: Vendor;
  /** Its files before the set-up; null: there is none. */
  readonly files: Readonly<Record<string, string | null>>;
  /** The arguments of a turn. */
  readonly args: (work: string) => readonly string[];
  /** True if it is started by `headgate run`. */
  readonly byRun: boolean;
}

const PROMPT = 'Make the mark.';

const SET_UPS: readonly SetUp[] = [
  {
    agent: CODEX,
    name: 'codex',
    vendor: VENDORS.responses,
    files: {
      '.codex/config.toml':
        '# My settings.\nweb_search = "disabled"   # no searches\nmodel_provider = \'openai\'\n\n[tui]\nnotifications = false\n',
    },
    args: (work) => ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-C', work, PROMPT],
    byRun: false,
  },
  {
    agent: GEMINI_CLI,
    name: 'gemini',
    vendor: VENDORS.gemini,
    files: { '.gemini/settings.json': '{\r\n\t"privacy": { "usageStatisticsEnabled": false }\r\n}', '.gemini/.env': null },
    args: () => ['--yolo', '--skip-trust', '-p', PROMPT],
    byRun: true,
  },
  {
    agent: CLAUDE_CODE,
    name: 'claude',
    vendor: VENDORS.claude,
    files: {
      '.claude/settings.json':
        '{\n  "env": {\n    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",\n    "ANTHROPIC_AUTH_TOKEN": "sk-hg-of-somebody-who-left"\n  },\n  "includeCoAuthoredBy": false\n}\n',
    },
    args: () => ['-p', PROMPT, '--allowedTools', 'Bash'],
    byRun: false,
  },
  {
    agent: OPENCODE,
    name: 'opencode',
    vendor: VENDORS.chat,
    files: {
      '.config/opencode/opencode.jsonc':
        '{\n  "$schema": "https://opencode.ai/config.json",\n  // What it may do.\n  "permission": { "bash": "allow" },\n  "autoupdate": false, // pinned\n}\n',
    },
    args: () => ['run', PROMPT],
    byRun: true,
  },
];

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  // Quick: the two that CI installs anyway.
  const wanted = (quick ? SET_UPS.slice(0, 2) : SET_UPS).filter(({ name }) => isRowWanted(name));
  if (wanted.every(({ agent }) => agent.program() === null))
    return { holds: false, figure: '', skipped: 'none of the agents can be installed from npm' };
  const startedMs = performance.now();
  const vendors = await startVendors();
  const site = await openLoginSite({ HEADGATE_RESPONSES_UPSTREAMS: vendors.native });
  try {
    await serveVendors(site.gateway, vendors);
    const checks: ProveResult[] = [];
    for (const setUp of wanted) {
      doing?.(setUp.agent.name);
      checks.push(await proved(setUp, site, vendors, quick ? AT_ONCE_QUICK : AT_ONCE));
    }
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    const all = allOf(checks);
    return { ...all, figure: `${all.figure}; ${seconds} s` };
  } finally {
    await site.stop();
    vendors.stop();
  }
}

async function serveVendors(gateway: Gateway, vendors: Vendors): Promise<void> {
  for (const { model, upstreamModel, provider, base } of Object.values(VENDORS)) {
    const address = `http://${model === 'chat' ? vendors.chatOnly : vendors.native}${base}`;
    const credentialId = await makeCredential(gateway, provider, address);
    // Claude Code marks its prompt for the cache, which a blocking budget allows only with a price.
    const prices = { ...plainPrices, cached_input_per_million: '0.10', cache_write_per_million: '1.25' };
    await makeModel(gateway, { model, provider, upstreamModel, credentialId }, { prices });
  }
}

async function proved(setUp: SetUp, site: LoginSite, vendors: Vendors, atOnce: number): Promise<ProveResult> {
  const { agent, files } = setUp;
  const name = `${agent.name} ${agent.version}`;
  if (agent.program() === null) return { holds: true, figure: `${name}: not run, it cannot be installed from npm` };
  const home = newHome();
  for (const [file, text] of Object.entries(files)) if (text !== null) put(home, file, text);
  const story = new Story(atOnce);
  const requests = await told(setUp, home, site, vendors, story);
  const { problems, said } = story;
  return {
    holds: problems.length === 0,
    figure: `${name}: ${requests} requests in, ${atOnce} refreshes at once were 1, out when ended, ${Object.keys(files).length} files byte for byte, ${problems.length} faults`,
    details: problems.length === 0 ? [] : [...problems.map((what) => `${name}: ${what}`), ...said.split('\n').slice(-30)],
  };
}

/** The faults that were found, and what was printed. */
class Story {
  readonly problems: string[] = [];
  readonly atOnce: number;
  said = '';

  constructor(atOnce: number) {
    this.atOnce = atOnce;
  }

  check(holds: boolean, problem: string): void {
    if (!holds) this.problems.push(problem);
  }
}

/** Runs the whole story of a login. Returns the number of requests that reached the vendor. */
async function told(setUp: SetUp, home: Home, site: LoginSite, vendors: Vendors, story: Story): Promise<number> {
  const { gateway, tenant } = site;
  const [team] = tenant.teams;
  const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', team);
  const print = async (...argv: string[]) => {
    const ran = await command(home, ...argv);
    story.said += `$ headgate ${argv.join(' ')}\n${ran.out}${ran.err}`;
    return ran;
  };
  await logIn(home, gateway, person, team.teamId);
  const keyId = String(Object.values(home.logins().logins)[0]?.keyId);
  await gateway.admin('PATCH', `/keys/${keyId}`, { budgets: [{ amount: BUDGET_USD, period: 'month' }] });
  const made = await print('agents', 'setup', setUp.name, '--model', setUp.vendor.model, '--yes');
  story.check(made.code === 0, 'its set-up failed');
  vendors.seen.length = 0;
  vendors.shell = setUp.agent.shell;
  const work = temporaryDirectory();
  const turn = await turned(setUp, home, work);
  story.said += turn.said;
  story.check(turn.exitCode === 0, `it ended with ${turn.exitCode}`);
  story.check(existsSync(path.join(work, 'mark')), 'its shell call was not made');
  const requests = vendors.seen.length;
  story.check(requests >= 2, `the vendor got ${requests} requests`);
  story.check((await booked(gateway, keyId, requests)) === requests, 'not every request was booked to the login');
  await budgetSeen(print, story);
  await refreshedOnce(home, story);
  await gateway.admin('DELETE', `/logins/${keyId}`);
  vendors.seen.length = 0;
  const after = await turned(setUp, home, temporaryDirectory());
  story.said += after.said;
  story.check(vendors.seen.length === 0, 'it still called the vendor after its login had ended');
  // What is left on the disk is of no use: its renewal is refused.
  expireTokens(home);
  const out = await print('token');
  story.check(out.code === 3 && out.out === '', `token ended with ${out.code} after its login had ended`);
  await undone(setUp, home, print, story);
  story.check(!/sk-hg-\w{39}|hgref_\w+/.test(story.said), 'a secret was printed');
  return requests;
}

/** Makes the stored token one of an hour that ends within a minute. */
function expireTokens(home: Home): void {
  home.change({ issuedAtMs: Date.now() - 3_540_000, expiresAtMs: Date.now() + 60_000, missedAtMs: 0 });
}

type Print = (...argv: string[]) => ReturnType<typeof command>;

async function budgetSeen(print: Print, story: Story): Promise<void> {
  const { out } = await print('budget');
  const [, used = '', left = ''] = /^key_budget_month +key +25\.00 USD +(\S+) USD +\S+ USD +(\S+) USD/m.exec(out) ?? [];
  story.check(
    Number(used) > 0 && Math.abs(Number(used) + Number(left) - Number(BUDGET_USD)) < 1e-9,
    'the budget does not show what it spent',
  );
}

/** Many helpers at once, as several agents start them, make one refresh: more would end the login. */
async function refreshedOnce(home: Home, story: Story): Promise<void> {
  const before = Object.values(home.logins().logins)[0]?.accessToken;
  expireTokens(home);
  const all = await Promise.all(Array.from({ length: story.atOnce }, () => command(home, 'token')));
  const printed = new Set(all.map(({ out }) => out));
  story.check(
    all.every(({ code }) => code === 0) && printed.size === 1 && !printed.has(`${before}\n`),
    'helpers at once did not agree on one new token',
  );
}

async function undone({ name, files }: SetUp, home: Home, print: Print, story: Story): Promise<void> {
  const { code } = await print('agents', 'setup', name, '--undo', '--yes');
  story.check(code === 0, 'undoing its set-up failed');
  for (const [file, text] of Object.entries(files))
    story.check((bytes(home, file)?.toString() ?? null) === text, `${file} is not as it was`);
}

/** Runs the agent once, as a person starts it. */
async function turned({ agent, args, byRun }: SetUp, home: Home, work: string) {
  const program = agent.program() ?? '';
  const words = program.endsWith('.js') ? [process.execPath, program] : [program];
  const { HOME = '', PATH = '' } = home.env;
  const wrapped = byRun ? [path.join(HOME, 'bin/headgate'), 'run', namedProgram(home, agent, words)] : words;
  // With a helper, Claude Code repeats ten times what is refused, for some minutes.
  const child = startChild([...wrapped, ...args(work)] as [string, ...string[]], {
    cwd: work,
    env: { HOME, PATH, OPENCODE_DISABLE_AUTOUPDATE: '1', CLAUDE_CODE_MAX_RETRIES: '1' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), PROGRAM_MS_MAX);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { exitCode, said };
}

/** Puts the program on the PATH of the home under its usual name, by which `headgate run` knows it. Returns that name. */
function namedProgram(home: Home, agent: Agent, words: readonly string[]): string {
  const name = agent === GEMINI_CLI ? 'gemini' : 'opencode';
  const file = put(home, `bin/${name}`, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(file, 0o755);
  return name;
}

/** Returns the number of requests of a key in the log, once there are as many as expected. */
async function booked(gateway: Gateway, keyId: string, expected: number): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const { data } = await gateway.admin<{ data: { status: string }[] }>('GET', `/requests?key_id=${keyId}&limit=50`);
    const count = data.filter(({ status }) => status === 'succeeded').length;
    if (count >= expected || tries === BOOKED_TRIES) return count;
    await new Promise((next) => setTimeout(next, BOOKED_WAIT_MS));
  }
}
