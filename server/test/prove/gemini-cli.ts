// Gemini CLI, by its own program, does a turn with a shell call: on Gemini, on Claude, and on a server of chat completions.
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
import { makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET } from './tenant.ts';

const VERSION = '0.61.0';
const TURN_MS_MAX = 120_000;

// biome-ignore lint/suspicious/noExplicitAny: events of three vendors
type Json = any;

interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A vendor that the same program reaches under a model's name. `answers`: the recorded call of a tool, then the recorded words. */
interface Way {
  readonly model: string;
  readonly upstreamModel: string;
  readonly provider: 'gemini' | 'anthropic' | 'openai';
  /** The end of the credential's base URL. */
  readonly base: string;
  readonly asked: RegExp;
  readonly answers: readonly [call: string, words: string];
}

const WAYS: readonly Way[] = [
  {
    model: 'native',
    upstreamModel: 'gemini-3-pro-preview',
    provider: 'gemini',
    base: '/v1beta',
    asked: /^\/v1beta\/models\/gemini-3-pro-preview:streamGenerateContent\?alt=sse$/,
    answers: [
      'gemini/stream-generate-content/google-streaming-tool-call-thought-signature.response.sse',
      'gemini/stream-generate-content/google-streaming-tool-call-thought-signature-1.response.sse',
    ],
  },
  {
    model: 'claude',
    upstreamModel: 'claude-haiku-4-5',
    provider: 'anthropic',
    base: '',
    asked: /^\/v1\/messages$/,
    answers: [
      'anthropic/messages/fixed-version-tool-chain-regression.response.sse',
      'anthropic/messages/fixed-version-tool-chain-regression-1.response.sse',
    ],
  },
  {
    model: 'chat',
    upstreamModel: 'up',
    provider: 'openai',
    base: '/v1',
    asked: /^\/v1\/chat\/completions$/,
    answers: ['groq/chat/vercel-groq-tool-call.chunks.txt', 'openai/chat/tools-streaming-variant-c-1.response.sse'],
  },
];

const SHELL = 'run_shell_command';
// Gemini CLI runs no command with a substitution in it.
const ARGUMENTS = { command: "printf 'mark-%s' 42 | tee mark" };
/** The word with which Gemini 3 accepts a call without a signature. */
const LOST = 'skip_thought_signature_validator';

export async function run(): Promise<ProveResult> {
  const program = geminiCli();
  if (program === null)
    return { holds: false, figure: '', skipped: `npm package @google/gemini-cli ${VERSION} cannot be installed` };
  const seen: Seen[] = [];
  const upstream = createServer((request, response) => void answer(request, response, seen));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const gateway = await startGateway();
  try {
    for (const { model, upstreamModel, provider, base } of WAYS) {
      const credentialId = await makeCredential(gateway, provider, `http://127.0.0.1:${port}${base}`);
      await makeModel(gateway, { model, provider, upstreamModel, credentialId });
    }
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
  mkdirSync(path.join(home, '.gemini'));
  writeFileSync(
    path.join(home, '.gemini/settings.json'),
    JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } }, privacy: { usageStatisticsEnabled: false } }),
  );
  const child = startChild([program, '--yolo', '--skip-trust', '-m', way.model, '-p', 'Make the mark.'], {
    cwd: work,
    env: { PATH: process.env.PATH ?? '', HOME: home, GEMINI_API_KEY: key.secret, GOOGLE_GEMINI_BASE_URL: gateway.base },
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
    ...seen.flatMap((request) => leaksOf(request, way, key.secret)),
    ...(seen[1]?.text.includes('mark-42') ? [] : ['the result of its shell call did not arrive']),
    ...signatureLost(way, seen[1]),
    ...(await bookedWrongly(gateway, key.id, way)),
  ];
  const details =
    problems.length === 0 ? [] : [...problems.map((what) => `${way.model}: ${what}`), ...said.split('\n').slice(-25)];
  return {
    holds: problems.length === 0,
    figure: `${way.model}: a shell call and its result in 2 requests, ${problems.length} faults`,
    details,
  };
}

/** Returns what a provider must not be told, and was. */
function leaksOf({ path: at, headers, text }: Seen, way: Way, secret: string): string[] {
  const told = Object.keys(headers).filter((name) => /privileged|session|goog-api-client/.test(name));
  const keys = [headers['x-goog-api-key'], headers['x-api-key'], headers.authorization].filter((key) => key !== undefined);
  return [
    ...(way.asked.test(at) ? [] : [`the provider was asked at ${at}`]),
    ...told.map((name) => `the header ${name} was passed on`),
    ...(keys.length === 1 && String(keys[0]).includes(PROVIDER_SECRET) ? [] : ['the provider did not get its own key alone']),
    ...(text.includes(secret) ? ['the caller’s key was passed on'] : []),
  ];
}

/** The signature of Gemini's call must come back to Gemini as it was, and nothing must stand for it. */
function signatureLost(way: Way, second: Seen | undefined): string[] {
  if (way.provider !== 'gemini') return [];
  const signature = eventsOf(way.answers[0])[0].candidates[0].content.parts[0].thoughtSignature;
  const text = second?.text ?? '';
  return text.includes(JSON.stringify(signature)) && !text.includes(LOST) ? [] : ['the signature of its call did not come back'];
}

/** Returns how the books differ from what the recordings report. */
async function bookedWrongly(gateway: Gateway, keyId: string, way: Way): Promise<string[]> {
  const want = way.answers.map(tokensIn);
  for (let tries = 0; ; tries += 1) {
    const { data } = await gateway.admin<{
      data: { input_tokens: number; output_tokens: number; reasoning_tokens: number; status: string; endpoint: string }[];
    }>('GET', `/requests?key_id=${keyId}&limit=50`);
    if (data.length < 2 && tries < 50) {
      await new Promise((next) => setTimeout(next, 100));
      continue;
    }
    const got = data.map((row) => [row.input_tokens, row.output_tokens + row.reasoning_tokens, row.status, row.endpoint]);
    const expected = want.map(([input, output]) => [input, output, 'succeeded', 'generate_content']);
    const same = JSON.stringify(got.sort()) === JSON.stringify(expected.sort());
    return same ? [] : [`booked ${JSON.stringify(got)}, and the recordings report ${JSON.stringify(expected)}`];
  }
}

function eventsOf(response: string): Json[] {
  const recording = recordings.find((found) => found.response === response);
  if (recording === undefined) throw new Error(`there is no recording ${response}`);
  return jsonEventsIn<Json>(bytesOf(recording).toString());
}

function tokensIn(response: string): readonly [input: number, output: number] {
  const events = eventsOf(response);
  const gemini = events.findLast(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata;
  if (gemini !== undefined)
    return [gemini.promptTokenCount, (gemini.candidatesTokenCount ?? 0) + (gemini.thoughtsTokenCount ?? 0)];
  const chat = events.map(({ usage, x_groq }) => x_groq?.usage ?? usage).findLast((usage) => usage?.prompt_tokens !== undefined);
  if (chat !== undefined) return [chat.prompt_tokens, chat.completion_tokens];
  const begun = events.find(({ type }) => type === 'message_start')?.message.usage;
  const ended = events.find(({ type }) => type === 'message_delta')?.usage;
  return [{ ...begun, ...ended }.input_tokens, ended.output_tokens];
}

/** Replays the recorded call of a tool, as a call of the tool that Gemini CLI has, then the recorded words. */
async function answer(request: IncomingMessage, response: ServerResponse, seen: Seen[]): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const at = request.url ?? '';
  seen.push({ path: at, headers: request.headers, text });
  const way = WAYS.find(({ asked }) => asked.test(at));
  if (way === undefined) {
    response.writeHead(404).end();
    return;
  }
  const hasResult = /"functionResponse":|"type":"tool_result"|"role":"tool"/.test(text);
  const events = hasResult ? eventsOf(way.answers[1]) : eventsOf(way.answers[0]).map(asShellCall);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events)
    response.write(`${event.type === undefined ? '' : `event: ${event.type}\n`}data: ${JSON.stringify(event)}\n\n`);
  if (way.provider === 'openai') response.write('data: [DONE]\n\n');
  response.end();
}

/** Returns a recorded event with another tool and its arguments, in one piece. */
function asShellCall(event: Json): Json {
  const json = JSON.stringify(ARGUMENTS);
  const changed = structuredClone(event);
  for (const part of changed.candidates?.[0].content?.parts ?? [])
    if (part.functionCall !== undefined) part.functionCall = { name: SHELL, args: ARGUMENTS };
  for (const call of changed.choices?.[0]?.delta.tool_calls ?? []) call.function = { name: SHELL, arguments: json };
  if (changed.content_block?.type === 'tool_use') changed.content_block.name = SHELL;
  if (changed.delta?.type === 'input_json_delta') changed.delta.partial_json = json;
  return changed;
}

/** Returns the path of Gemini CLI's program, installed once into the machine's temporary folder; null if it cannot be. */
function geminiCli(): string | null {
  const ready = path.join(tmpdir(), `headgate-gemini-cli-${VERSION}`);
  if (!existsSync(ready)) {
    const draft = `${ready}.${process.pid}`;
    mkdirSync(draft);
    writeFileSync(path.join(draft, 'package.json'), '{"private":true}');
    const args = ['install', `@google/gemini-cli@${VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    if (spawnSync('npm', args, { cwd: draft }).status !== 0) {
      rmSync(draft, { recursive: true, force: true });
      return null;
    }
    renameSync(draft, ready);
  }
  const { bin } = JSON.parse(readFileSync(path.join(ready, 'node_modules/@google/gemini-cli/package.json'), 'utf8')) as {
    bin: { gemini: string };
  };
  return path.join(ready, 'node_modules/@google/gemini-cli', bin.gemini);
}
