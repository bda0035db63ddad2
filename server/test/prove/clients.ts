// Unmodified SDKs of five families call the gateway, and every call passes: each SDK on its own vendor, and all of them on each vendor.
import { startGateway } from './gateway.ts';
import { allOf, type ProveResult } from './prove.ts';
import { conformanceKit, drive, judged, kitAbsent, replayModels, routeToReplay, startReplay } from './replay.ts';
import { makeCredential, makeModel } from './tenant.ts';

/** The number of calls that the driver makes. Fewer would mean that some were lost on the way. */
const CALLS = 33;
const GEMINI = 'replay-gemini';

export async function run(): Promise<ProveResult> {
  const kit = conformanceKit();
  if (kit === null) return kitAbsent;
  const upstream = await startReplay(kit);
  const gateway = await startGateway();
  try {
    const { keySecret } = await routeToReplay(gateway, upstream);
    const credentialId = await makeCredential(gateway, 'gemini', `${upstream.base}/v1beta`);
    await makeModel(gateway, { model: GEMINI, provider: 'gemini', upstreamModel: 'gemini-2.5-flash', credentialId });
    const checks: ProveResult[] = [];
    for (const [name, models] of Object.entries(ROUNDS)) {
      const env = { BASE_URL: gateway.base, KEY: keySecret, EMBED: replayModels.embedding, ...models };
      checks.push(allPass(name, await drive(kit, 'run-clients.mjs', [], env, 'clients')));
    }
    return allOf(checks);
  } finally {
    await gateway.stop();
    upstream.stop();
  }
}

/** The models that the SDKs of OpenAI, Anthropic and Google call in each round. */
const ROUNDS = {
  'own vendors': { MODEL: replayModels.openai, CLAUDE: replayModels.anthropic, GEMINI },
  'on OpenAI': { MODEL: replayModels.openai, CLAUDE: replayModels.openai, GEMINI: replayModels.openai },
  'on Claude': { MODEL: replayModels.anthropic, CLAUDE: replayModels.anthropic, GEMINI: replayModels.anthropic },
  'on Gemini': { MODEL: GEMINI, CLAUDE: GEMINI, GEMINI },
};

function allPass(name: string, driven: Awaited<ReturnType<typeof drive>>): ProveResult {
  const passed = driven.lines.filter((line) => line.startsWith('ok ')).length;
  const result = judged(name, driven);
  return { ...result, holds: result.holds && passed === CALLS, figure: `${name}: ${passed} of ${CALLS} calls pass` };
}
