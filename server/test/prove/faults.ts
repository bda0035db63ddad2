// Every fault of the replaying vendor × JSON and SSE × both client dialects × both vendor kinds: status, code, charge, hold left, connections.
// Without the conformance kit the repository's own double plays them.
import { startVendor } from '../support/vendor-double.ts';
import { faultProblems, type VendorView } from '../vendor/fault-check.ts';
import { type FaultCase, faultCases, nameOf } from '../vendor/faults.ts';
import { viewOf } from '../vendor/vendor-view.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { conformanceKit, type ReplayUpstream, startReplay } from './replay.ts';
import { openGatewaySite } from './vendor-site.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const kit = conformanceKit();
  // Half of the table meets every fault in both shapes, with both clients and both vendors, though not in every combination.
  const wanted = ({ kind, dialect, stream }: FaultCase) => !quick || ((kind === 'openai') === (dialect === 'chat')) === stream;
  if (kit === null) {
    const vendor = await startVendor();
    const cases = faultCases('double').filter(wanted);
    return await judge('its own double', vendor.base, cases, viewOf(vendor), vendor.close);
  }
  const upstream = await startReplay(kit);
  const cases = faultCases('kit').filter(wanted);
  return await judge('the replaying vendor', upstream.base, cases, kitView(upstream), async () => upstream.stop());
}

/** One after another: which connection a call came over is only known while no other uses it. */
async function judge(
  who: string,
  base: string,
  cases: readonly FaultCase[],
  view: VendorView,
  close: () => Promise<void>,
): Promise<ProveResult> {
  const site = await openGatewaySite(
    base,
    cases.map(({ route }) => route),
  );
  const details: string[] = [];
  let right = 0;
  try {
    for (const one of cases) {
      const problems = await faultProblems(site, view, one);
      if (problems.length === 0) right += 1;
      details.push(...problems.map((problem) => `${nameOf(one)}: ${problem}`));
    }
  } finally {
    await site.close();
    await close();
  }
  const faults = new Set(cases.map(({ fault }) => fault)).size;
  const figure = `${right} of ${cases.length} failures of ${who} (${faults} faults): status, code, charge, hold left 0, connections as promised`;
  return { holds: right === cases.length, figure, details };
}

type Logged = { readonly body?: { readonly model?: string }; readonly closed?: number };

function kitView(upstream: ReplayUpstream): VendorView {
  return {
    isClosed: async (upstreamModel) => {
      const seen = (await upstream.log()) as readonly Logged[];
      return seen.findLast(({ body }) => body?.model === upstreamModel)?.closed !== undefined;
    },
    brokenBytes: () => null,
    toldUsage: (one) => askDirectly(upstream.base, one),
  };
}

/** What the vendor tells of its usage in this case, asked without a gateway between. */
async function askDirectly(base: string, { kind, stream, fault }: FaultCase): Promise<{ input: number; output: number } | null> {
  // Silence and earlier failures of its own tell nothing; the same recording is cut at the same place by `midreset`.
  const played = fault === 'midhang' ? 'midreset' : fault.replace(/^(flaky|slow).*/, 'none');
  const usage = kind === 'openai' && stream ? { stream_options: { include_usage: true } } : {};
  const body = {
    model: `direct-fault:${played}`,
    max_tokens: 50,
    stream,
    messages: [{ role: 'user', content: 'Hi.' }],
    ...usage,
  };
  const response = await fetch(`${base}/v1/${kind === 'openai' ? 'chat/completions' : 'messages'}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  return toldIn(await textUntilItBreaks(response));
}

async function textUntilItBreaks(response: Response): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString('latin1');
  } catch {
    // It was to break.
  }
  return text;
}

/** The last numbers told, whole or event by event. Cached input is input. */
function toldIn(text: string): { input: number; output: number } | null {
  const last = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, number]) => Number(number)).at(-1);
  const input = last(/"(?:prompt|input)_tokens": ?(\d+)/g);
  const output = last(/"(?:completion|output)_tokens": ?(\d+)/g);
  if (input === undefined && output === undefined) return null;
  const cached = (last(/"cache_read_input_tokens": ?(\d+)/g) ?? 0) + (last(/"cache_creation_input_tokens": ?(\d+)/g) ?? 0);
  return { input: (input ?? 0) + cached, output: output ?? 0 };
}
