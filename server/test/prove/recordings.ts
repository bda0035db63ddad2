// Real recorded answers survive the gateway: streams as they come, every recording in both dialects, every field of a translated request.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveResult } from './prove.ts';
import { conformanceKit, drive, judged, kitAbsent, replayModels, routeToReplay, startReplay } from './replay.ts';
import { makeCredential, makeModel } from './tenant.ts';

/** Why a field the other gateway sends is rightly not sent by ours: `{"<case> /path": "why"}`. */
const justifiedFile = path.join(import.meta.dirname, '../recorded/justified.json');
/**
 * Recordings that hold the answers of several HTTP exchanges in one stream. Their reader overwrites a block with the later one of the same
 * number, so of a Chat Completions stream it wants the last answer's text only; a stream cannot take back text that it has sent. Translated,
 * such a stream ends with its first answer.
 */
const severalAnswers = [
  'vercel-anthropic-programmatic-tool-calling.1.chunks.txt',
  'vercel-anthropic-tool-search-deferred-bm25.chunks.txt',
  'vercel-anthropic-tool-search-deferred-regex.chunks.txt',
  'vercel-anthropic-tool-search-regex.1.chunks.txt',
];
/** The most fields of one reason that are named. */
const NAMED_MAX = 3;
const recordings = { 'openai/chat': 17, 'anthropic/messages': 45, 'openai/embeddings': 1, 'anthropic/count-tokens': 1 } as const;

/**
 * The models for the upstreams that the oracle names. Its `gemini` is Gemini's compatible address, which speaks Chat Completions. Its one case
 * of Messages towards the Responses API has no model: the gateway sends Messages to OpenAI as chat completions.
 */
const TARGETS = {
  anthropic: replayModels.anthropic,
  completions: replayModels.openai,
  gemini: replayModels.openai,
  openai: replayModels.embedding,
};
/** The recorded pairs towards these targets and Gemini's own API. */
const ORACLE_CASES = 20;

export async function run(): Promise<ProveResult> {
  const kit = conformanceKit();
  if (kit === null) return kitAbsent;
  const upstream = await startReplay(kit);
  const gateway = await startGateway();
  try {
    const { keySecret } = await routeToReplay(gateway, upstream);
    const env = { GW: gateway.base, UP: upstream.base, KEY: keySecret };
    const models = JSON.stringify({ openai: replayModels.openai, anthropic: replayModels.anthropic });
    const parity = async (filter: string, surface: string) => {
      const settings = { ...env, MODELS: models, EMBED: replayModels.embedding, SURFACE: surface };
      return { filter, surface, driven: await drive(kit, 'cassette-parity.mjs', [filter], settings) };
    };
    const checks: ProveResult[] = [];
    checks.push(judged('streams', await drive(kit, 'stream-probe.mjs', [], { ...env, MODEL: replayModels.openai })));
    for (const filter of Object.keys(recordings)) checks.push(enough(await parity(filter, 'native')));
    for (const surface of ['chat', 'messages']) {
      for (const filter of ['openai/chat', 'anthropic/messages']) checks.push(enough(await parity(filter, surface)));
    }
    const map = path.join(temporaryDirectory(), 'map.json');
    writeFileSync(map, JSON.stringify({ ...TARGETS, 'vertex-gemini': await makeGemini(gateway, upstream.base) }));
    const oracle = await drive(kit, 'oracle-run.mjs', ['request', gateway.base, upstream.base, keySecret, map], {
      JUSTIFIED: justifiedFile,
    });
    const asked = oracle.lines.filter((line) => /^(same|DIFF) /.test(line)).length;
    const requests = judged('requests', oracle);
    checks.push({ ...requests, holds: requests.holds && asked >= ORACLE_CASES });
    checks.push({ holds: true, figure: `justified: ${justifications().join(', ') || 'none'}` });
    return allOf(checks);
  } finally {
    await gateway.stop();
    upstream.stop();
  }
}

/** Makes a model at Gemini's own API. Returns its name. */
async function makeGemini(gateway: Gateway, upstream: string): Promise<string> {
  const model = 'replay-gemini';
  const credentialId = await makeCredential(gateway, 'gemini', `${upstream}/v1beta`);
  await makeModel(gateway, { model, provider: 'gemini', upstreamModel: 'gemini-2.5-pro', credentialId });
  return model;
}

/** A surface passes with the recordings the kit is known to hold and no DIFF; the stated exceptions are counted apart, and no others are. */
function enough(run: { filter: string; surface: string; driven: Awaited<ReturnType<typeof drive>> }): ProveResult {
  const result = judged(`${run.filter} as ${run.surface}`, run.driven);
  const passed = Number(run.driven.lines.findLast((line) => /^\d+ passed/.test(line))?.split(' ')[0] ?? 0);
  const wanted = recordings[run.filter as keyof typeof recordings] ?? 1;
  const differing = run.driven.lines.flatMap((line) => /DIFF \S*?([^/\s]+)$/.exec(line)?.[1] ?? []);
  const isExcepted = run.surface === 'chat' && differing.length > 0 && differing.every((name) => severalAnswers.includes(name));
  if (!isExcepted) return { ...result, holds: result.holds && passed >= wanted };
  const figure = `${result.figure} (${differing.length} hold several answers in one stream and end with the first: not 0 DIFF, excepted)`;
  return { ...result, figure, holds: passed + differing.length >= wanted };
}

/** Returns the reasons with the fields of each. Of a reason with many, only their number is said. */
function justifications(): string[] {
  const reasons = Object.entries(JSON.parse(readFileSync(justifiedFile, 'utf8')) as Record<string, string>);
  return [...Map.groupBy(reasons, ([, why]) => why)].map(([why, fields]) => {
    const names = fields.map(([field]) => field);
    return `${names.length > NAMED_MAX ? `${names.length} fields` : names.join(', ')} (${why})`;
  });
}
