// Codex, by its own program, does a turn with a shell call: natively, on Claude, and where it tries a WebSocket first.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bytesOf, recordings } from '../recordings.ts';
import { jsonEventsIn } from '../support/event-stream.ts';
import { type Gateway, startChild, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveResult } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const VERSION = '0.169.0';
const TURN_MS_MAX = 120_000;

type Json = Record<string, unknown>;

interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Json;
}

/** The ways to reach a model. `native`: a server that speaks responses. `socket`: Codex's own provider, which tries a WebSocket. */
const WAYS = ['native', 'claude', 'socket'] as const;
type Way = (typeof WAYS)[number];
/** The recorded tokens of a turn: the call of the tool, then the words. */
const RECORDED = {
  responses: [
    'openai/responses/responses-tool-use-streaming.response.sse',
    'openai/responses/responses-tool-use-streaming-1.response.sse',
  ],
  messages: [
    'anthropic/messages/fixed-version-tool-chain-regression.response.sse',
    'anthropic/messages/fixed-version-tool-chain-regression-1.response.sse',
  ],
} as const;

export async function run(): Promise<ProveResult> {
  const program = codex();
  if (program === null) return { holds: false, figure: '', skipped: `npm package @openai/codex ${VERSION} cannot be installed` };
  const seen: Seen[] = [];
  const upstream = createServer((request, response) => void answer(request, response, seen));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const gateway = await startGateway({ env: { HEADGATE_RESPONSES_UPSTREAMS: `127.0.0.1:${port}` } });
  try {
    const openai = await makeCredential(gateway, 'openai', `http://127.0.0.1:${port}/v1`);
    const anthropic = await makeCredential(gateway, 'anthropic', `http://127.0.0.1:${port}`);
    await makeModel(gateway, { model: 'native', provider: 'openai', upstreamModel: 'up', credentialId: openai });
    await makeModel(gateway, { model: 'socket', provider: 'openai', upstreamModel: 'up', credentialId: openai });
    await makeModel(gateway, {
      model: 'claude',
      provider: 'anthropic',
      upstreamModel: 'claude-haiku-4-5',
      credentialId: anthropic,
    });
    const tenant = await makeTenant(gateway);
    const checks: ProveResult[] = [];
    for (const way of WAYS) {
      const key = await makeKey(gateway, tenant);
      seen.length = 0;
      checks.push(await turn(program, way, gateway, key, seen));
    }
    return allOf(checks);
  } finally {
    await gateway.stop();
    upstream.close();
  }
}

async function turn(
  program: string,
  way: Way,
  gateway: Gateway,
  key: { readonly id: string; readonly secret: string },
  seen: readonly Seen[],
): Promise<ProveResult> {
  const home = temporaryDirectory();
  const work = temporaryDirectory();
  writeFileSync(path.join(home, 'config.toml'), configOf(way, gateway.base));
  const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-C', work, 'Make the mark.'];
  const child = startChild([program, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: home, CODEX_HOME: home, HEADGATE_KEY: key.secret, CODEX_API_KEY: key.secret },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), TURN_MS_MAX);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  const problems = [
    ...(exitCode === 0 ? [] : [`it ended with ${exitCode}`]),
    ...(existsSync(path.join(work, 'mark')) ? [] : ['its shell call was not made']),
    ...(seen.length === 2 ? [] : [`the provider got ${seen.length} requests, not 2`]),
    ...seen.flatMap((request) => leaksOf(request, way)),
    ...(JSON.stringify(seen[1]?.body ?? null).includes('mark-42') ? [] : ['the result of its shell call did not arrive']),
    ...(await bookedWrongly(gateway, key.id, way)),
  ];
  const details = problems.length === 0 ? [] : [...problems.map((what) => `${way}: ${what}`), ...said.split('\n').slice(-25)];
  return {
    holds: problems.length === 0,
    figure: `${way}: a shell call and its result in 2 requests, ${problems.length} faults`,
    details,
  };
}

function configOf(way: Way, base: string): string {
  const common = `model = "${way}"\nweb_search = "disabled"\n`;
  if (way === 'socket') return `${common}openai_base_url = "${base}/v1"\n`;
  const provider = `name = "Headgate"\nbase_url = "${base}/v1"\nenv_key = "HEADGATE_KEY"\nwire_api = "responses"\n`;
  return `${common}model_provider = "headgate"\n[model_providers.headgate]\n${provider}`;
}

/** Returns what a provider must not be told, and was. */
function leaksOf({ path: at, headers, body }: Seen, way: Way): string[] {
  const wanted = way === 'claude' ? '/v1/messages' : '/v1/responses';
  const told = Object.keys(headers).filter((name) => /codex|session|thread|originator/.test(name));
  return [
    ...(at.startsWith(wanted) ? [] : [`the provider was asked at ${at}`]),
    ...told.map((name) => `the header ${name} was passed on`),
    ...(JSON.stringify(body).includes('turn-metadata') ? ['its turn metadata was passed on'] : []),
    ...(way === 'claude' || body.store === false ? [] : ['the provider was not told to store nothing']),
  ];
}

/** Returns how the books differ from what the recordings report. */
async function bookedWrongly(gateway: Gateway, keyId: string, way: Way): Promise<string[]> {
  const want = RECORDED[way === 'claude' ? 'messages' : 'responses'].map(tokensIn);
  for (let tries = 0; ; tries += 1) {
    const { data } = await gateway.admin<{
      data: { input_tokens: number; output_tokens: number; status: string; endpoint: string }[];
    }>('GET', `/requests?key_id=${keyId}&limit=50`);
    if (data.length < 2 && tries < 50) {
      await new Promise((next) => setTimeout(next, 100));
      continue;
    }
    const got = data.map(({ input_tokens, output_tokens, status, endpoint }) => [input_tokens, output_tokens, status, endpoint]);
    const expected = want.map(({ input, output }) => [input, output, 'succeeded', 'responses']);
    const same = JSON.stringify(got.sort()) === JSON.stringify(expected.sort());
    return same ? [] : [`booked ${JSON.stringify(got)}, and the recordings report ${JSON.stringify(expected)}`];
  }
}

// biome-ignore lint/suspicious/noExplicitAny: events of two vendors
const eventsOf = (response: string): any[] => {
  const recording = recordings.find((found) => found.response === response);
  if (recording === undefined) throw new Error(`there is no recording ${response}`);
  return jsonEventsIn(bytesOf(recording).toString());
};

function tokensIn(response: string): { readonly input: number; readonly output: number } {
  const events = eventsOf(response);
  const usage = {
    ...events.find(({ type }) => type === 'message_start')?.message.usage,
    ...events.find(({ type }) => type === 'message_delta')?.usage,
    ...events.find(({ type }) => type === 'response.completed')?.response.usage,
  };
  return { input: usage.input_tokens, output: usage.output_tokens };
}

/** Replays the recorded call of a tool, as a call of the tool that Codex has, then the recorded words. */
async function answer(request: IncomingMessage, response: ServerResponse, seen: Seen[]): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const at = request.url ?? '';
  const body = JSON.parse(text || '{}') as Json;
  seen.push({ path: at, headers: request.headers, body });
  const hasResult = /"type":"(?:function_call_output|tool_result)"/.test(text);
  const [calls, words] = RECORDED[at.startsWith('/v1/messages') ? 'messages' : 'responses'];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of hasResult ? eventsOf(words) : eventsOf(calls).flatMap(asShellCall))
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

const SHELL = 'exec_command';
const ARGUMENTS = JSON.stringify({ cmd: 'echo mark-$((40+2)) | tee mark' });

/** Returns a recorded event with another tool and its arguments, in one piece. */
// biome-ignore lint/suspicious/noExplicitAny: events of two vendors
function asShellCall(event: any): any[] {
  const item = (found: Json) =>
    found.type === 'function_call'
      ? { ...found, name: SHELL, ...(found.arguments === '' ? {} : { arguments: ARGUMENTS }) }
      : found;
  switch (event.type) {
    case 'response.output_item.added':
    case 'response.output_item.done':
      return [{ ...event, item: item(event.item) }];
    case 'response.function_call_arguments.delta':
      return [];
    case 'response.function_call_arguments.done':
      return [
        { ...event, type: 'response.function_call_arguments.delta', delta: ARGUMENTS },
        { ...event, arguments: ARGUMENTS },
      ];
    case 'response.completed':
      return [{ ...event, response: { ...event.response, output: event.response.output.map(item) } }];
    case 'content_block_start':
      return [
        event.content_block.type === 'tool_use' ? { ...event, content_block: { ...event.content_block, name: SHELL } } : event,
      ];
    case 'content_block_delta':
      return [event.delta.type === 'input_json_delta' ? { ...event, delta: { ...event.delta, partial_json: ARGUMENTS } } : event];
    default:
      return [event];
  }
}

/** Returns the path of Codex's program, installed once into the machine's temporary folder; null if it cannot be. */
function codex(): string | null {
  const ready = path.join(tmpdir(), `headgate-codex-${VERSION}`);
  if (!existsSync(ready)) {
    const draft = `${ready}.${process.pid}`;
    mkdirSync(draft);
    writeFileSync(path.join(draft, 'package.json'), '{"private":true}');
    const args = ['install', `@openai/codex@${VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    if (spawnSync('npm', args, { cwd: draft }).status !== 0) {
      rmSync(draft, { recursive: true, force: true });
      return null;
    }
    renameSync(draft, ready);
  }
  const { bin } = JSON.parse(readFileSync(path.join(ready, 'node_modules/@openai/codex/package.json'), 'utf8')) as {
    bin: { codex: string };
  };
  return path.join(ready, 'node_modules/@openai/codex', bin.codex);
}
