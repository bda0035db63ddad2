// Routing by tags: every kind of request × kind of deployment × default and required tags of every level, against a table by set arithmetic.
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type ProviderCall, type SmallProvider, startSmallProvider } from './small-provider.ts';
import {
  ASKS,
  type Ask,
  type Expected,
  expectedOf,
  type Place,
  POLICIES,
  type Policy,
  TARGETS,
  type Target,
} from './tag-table.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const AT_ONCE = 8;
const EMBEDDING = {
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
  usage: { prompt_tokens: 9, total_tokens: 9 },
};
/** What one answer costs at the proves' plain prices: 9 tokens in, and of a chat 6 out. Nano-dollars. */
const COST = { chat: 69_000, embedding: 9_000 } as const;

/** A way of asking. */
interface Form {
  readonly name: string;
  readonly path: string;
  readonly mode: 'chat' | 'embedding';
  readonly stream: boolean;
}

const FORMS: readonly Form[] = [
  { name: 'chat', path: '/v1/chat/completions', mode: 'chat', stream: false },
  { name: 'streamed chat', path: '/v1/chat/completions', mode: 'chat', stream: true },
  { name: 'messages', path: '/v1/messages', mode: 'chat', stream: false },
  { name: 'streamed messages', path: '/v1/messages', mode: 'chat', stream: true },
  { name: 'embeddings', path: '/v1/embeddings', mode: 'embedding', stream: false },
];

interface Tenanted {
  readonly policy: Policy;
  readonly organizationId: string;
  readonly keyId: string;
  readonly secret: string;
}

interface Site {
  readonly gateway: Gateway;
  readonly provider: SmallProvider;
  readonly tenants: readonly Tenanted[];
  /** Ids of deployments by upstream model. */
  readonly ids: ReadonlyMap<string, string>;
}

/** One request of the table. */
interface Case {
  readonly tenant: Tenanted;
  readonly target: Target;
  readonly ask: Ask;
  readonly form: Form;
  readonly marker: string;
}

interface Outcome {
  readonly one: Case;
  readonly expected: Expected;
  readonly wrong: readonly string[];
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const results = [await onLane('on', quick)];
  if (!quick) results.push(await onLane('off', false));
  return allOf(results);
}

async function onLane(lane: 'on' | 'off', quick: boolean): Promise<ProveResult> {
  const provider = await startSmallProvider(sayOf);
  const gateway = await startGateway({ env: { HEADGATE_FAST_LANE: lane } });
  try {
    const site = await openSite(gateway, provider);
    const outcomes = await inParallel(casesOf(site, quick), AT_ONCE, (one) => tryOne(site, one));
    const books = await inParallel(site.tenants, AT_ONCE, (tenant) => booksOf(site, tenant, outcomes));
    return allOf([shown(lane, outcomes), booksShown(books), await passedOver(site), ...(quick ? [] : [await toldAtStart(site)])]);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

function sayOf({ model }: ProviderCall) {
  if (model.includes('/broken/')) return { status: 500 };
  return model.startsWith('embedding/') ? { raw: JSON.stringify({ ...EMBEDDING, model }) } : { text: 'Hello there.' };
}

const upstreamOf = (mode: Form['mode'], target: Target, place: Place) => `${mode}/${target.name}/${place.is}/${place.name}`;
const calledName = (mode: Form['mode'], { name }: Target) => (mode === 'chat' ? name : `${name}-embedding`);

async function openSite(gateway: Gateway, provider: SmallProvider): Promise<Site> {
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  const ids = new Map<string, string>();
  for (const mode of ['chat', 'embedding'] as const) {
    for (const target of TARGETS) {
      for (const place of target.places) {
        const upstreamModel = upstreamOf(mode, target, place);
        const at = { model: calledName(mode, target), provider: 'openai', upstreamModel, mode, credentialId } as const;
        ids.set(upstreamModel, await makeModel(gateway, at, { tags: place.tags, enabled: place.is !== 'disabled' }));
      }
    }
    for (const target of TARGETS) {
      const fallbacks = (target.fallbacks ?? []).map((name) => (mode === 'chat' ? name : `${name}-embedding`));
      if (fallbacks.length > 0) await gateway.admin('PATCH', `/models/${calledName(mode, target)}`, { fallbacks });
    }
  }
  const tenants: Tenanted[] = [];
  for (const policy of POLICIES) {
    const of = (level: number) => ({ default_tags: policy.defaults[level], required_tags: policy.required[level] });
    const tenant = await makeTenant(gateway, of(0), of(1));
    const { id: keyId, secret } = await makeKey(gateway, tenant, of(2));
    tenants.push({ policy, organizationId: tenant.organizationId, keyId, secret });
  }
  return { gateway, provider, tenants, ids };
}

/** Everything; or every third, in one of the forms in turn, so that each kind of request still meets each target and each policy. */
function casesOf({ tenants }: Site, quick: boolean): readonly Case[] {
  const kinds = tenants.flatMap((tenant) => TARGETS.flatMap((target) => ASKS.map((ask) => ({ tenant, target, ask }))));
  const cases = quick
    ? kinds.filter((_, at) => at % 3 === 0).map((kind, at) => ({ ...kind, form: FORMS[at % FORMS.length] as Form }))
    : kinds.flatMap((kind) => FORMS.map((form) => ({ ...kind, form })));
  return cases.map((one, at) => ({ ...one, marker: `request-${at};` }));
}

async function tryOne(site: Site, one: Case): Promise<Outcome> {
  const expected = expectedOf(one.target, one.tenant.policy, one.ask);
  const response = await fetch(`${site.gateway.base}${one.form.path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${one.tenant.secret}`,
      'content-type': 'application/json',
      ...(one.ask.header === undefined ? {} : { 'x-headgate-tags': one.ask.header }),
    },
    body: JSON.stringify(bodyOf(one)),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  const wrong = [
    ...wrongStatus(expected, response, text),
    ...wrongCalls(site, one, expected, response),
    ...(await wrongDecision(site, one, expected, response.headers.get('x-request-id') ?? '')),
  ];
  return { one, expected, wrong };
}

function bodyOf({ target, ask, form, marker }: Case): object {
  const metadata = ask.metadata === undefined ? {} : { metadata: ask.metadata };
  const model = calledName(form.mode, target);
  if (form.mode === 'embedding') return { model, input: `Hi. ${marker}`, ...metadata };
  return {
    ...{ model, max_tokens: 20, messages: [{ role: 'user', content: `Hi. ${marker}` }], ...metadata },
    ...(form.stream ? { stream: true } : {}),
  };
}

function wrongStatus({ status }: Expected, response: Response, text: string): string[] {
  if (status === 'answered') return response.status === 200 ? [] : [`answered ${response.status}: ${text.slice(0, 300)}`];
  if (status === 'failed') return response.status >= 500 ? [] : [`answered ${response.status} and nobody may serve it`];
  const [code, said] = status === 'bad_tags' ? ['invalid_request', '"tags"'] : ['no_deployment_for_tags', '"tags"'];
  const isAnthropic = text.startsWith('{"type":"error"');
  const isRight = response.status === 400 && (isAnthropic || (text.includes(`"${code}"`) && text.includes(`"param":${said}`)));
  const isFinal = response.headers.get('x-should-retry') === 'false';
  return isRight && isFinal ? [] : [`answered ${response.status}, not 400 ${code}: ${text.slice(0, 300)}`];
}

/** Whom the gateway asked, and what it sent there. */
function wrongCalls({ provider, ids }: Site, one: Case, { left, servers, status }: Expected, response: Response): string[] {
  const { form, target: called, ask, marker } = one;
  const calls = provider.calls.filter(({ body }) => body.includes(marker));
  const allowed = new Set(left.flatMap(({ target, places }) => places.map((place) => upstreamOf(form.mode, target, place))));
  const wrong = calls.filter(({ model }) => !allowed.has(model)).map(({ model }) => `${model} was asked`);
  if ((status === 'bad_tags' || status === 'no_deployment') && calls.length > 0) wrong.push(`${calls.length} upstream calls`);
  if (calls.some(({ body }) => body.includes('"tags":['))) wrong.push('tags were sent on');
  const passes = form.path === '/v1/chat/completions' || form.mode === 'embedding';
  if (ask.name === 'a string' && passes && calls.some(({ body }) => !body.includes('"metadata":{"tags":"eu"}')))
    wrong.push('metadata that is not ours did not pass as it was');
  if (ask.name === 'metadata.tags' && passes && calls.some(({ body }) => !body.includes('"metadata":{"kept":"yes"}')))
    wrong.push('the rest of the metadata did not pass as it was');
  if (status !== 'answered') return wrong;
  const by = response.headers.get('x-headgate-deployment');
  const where = left.find(({ places }) => places.some((place) => servers.includes(place)))?.target ?? called;
  const mayServe = servers.map((place) => ids.get(upstreamOf(form.mode, where, place)));
  if (!mayServe.includes(by ?? '')) wrong.push(`${by} served`);
  return wrong;
}

interface DecisionTags {
  readonly asked: readonly string[];
  readonly defaults: readonly string[];
  readonly required: readonly string[];
  readonly routed: readonly string[];
  readonly deployments: readonly string[];
}

async function wrongDecision({ gateway, ids }: Site, one: Case, expected: Expected, requestId: string): Promise<string[]> {
  if (expected.status === 'no_deployment') {
    // Many refusals of a key in one second share the row of the first, whose tags may be others.
    const { id } = await gateway.admin<{ id: string }>('GET', `/requests/${requestId}`);
    if (id !== requestId) return [];
  }
  const response = await fetch(`${gateway.base}/v1/decisions/${requestId}`, {
    headers: { authorization: `Bearer ${one.tenant.secret}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status !== 200) return [`its decision was answered ${response.status}`];
  const { tags } = (await response.json()) as { tags: DecisionTags | null };
  const { left, defaults, required, counted } = expected;
  if (counted.length === 0) return tags === null ? [] : [`its decision names tags: ${JSON.stringify(tags)}`];
  const deployments = left.flatMap(({ target, places }) =>
    places.map((place) => ids.get(upstreamOf(one.form.mode, target, place)) ?? ''),
  );
  const wanted = { asked: one.ask.asked ?? [], defaults, required, routed: left[0]?.routed ?? [], deployments };
  const said =
    tags === null ? null : Object.fromEntries(Object.keys(wanted).map((name) => [name, tags[name as keyof DecisionTags]]));
  return sorted(said) === sorted(wanted) ? [] : [`its decision says ${JSON.stringify(said)}, not ${JSON.stringify(wanted)}`];
}

function sorted(value: object | null): string {
  return JSON.stringify(value, (_, inner) => (Array.isArray(inner) ? [...new Set(inner)].sort() : inner));
}

/** What was wrong with what a tenant is charged, by deployment and by tag. */
async function booksOf({ gateway, provider, ids }: Site, { organizationId, policy }: Tenanted, outcomes: readonly Outcome[]) {
  const own = outcomes.filter(({ one, expected }) => one.tenant.policy === policy && expected.status === 'answered');
  const spent = new Map<string, number>();
  const byTag = new Map<string, number>();
  for (const { one, expected } of own) {
    const served = provider.calls.findLast(({ body }) => body.includes(one.marker))?.model ?? '';
    const id = ids.get(served) ?? served;
    spent.set(id, (spent.get(id) ?? 0) + COST[one.form.mode]);
    const tags = expected.counted.length === 0 ? [''] : expected.counted;
    for (const tag of tags) byTag.set(tag, (byTag.get(tag) ?? 0) + 1);
  }
  for (let tries = 0; ; tries += 1) {
    const wrong = [
      ...differences(
        'spend of',
        spent,
        await usageBy(gateway, organizationId, 'deployment', ({ spend }) => Math.round(Number(spend) * 1e9)),
      ),
      ...differences(
        'requests with',
        byTag,
        await usageBy(gateway, organizationId, 'tag', ({ requests, failed }) => requests - failed),
      ),
    ];
    if (wrong.length === 0 || tries === 100) return { name: policy.name, wrong, requests: own.length };
    // On its way from memory to the store.
    await sleep(100);
  }
}

interface UsageLine {
  readonly requests: number;
  /** Those that cost nothing: they were admitted and nobody answered. */
  readonly failed: number;
  readonly spend: string;
  readonly deployment_id?: string | null;
  readonly tag?: string | null;
}

async function usageBy(gateway: Gateway, organizationId: string, group: 'deployment' | 'tag', of: (line: UsageLine) => number) {
  const { data } = await gateway.admin<{ data: UsageLine[] }>(
    'GET',
    `/usage?organization_id=${organizationId}&group_by=${group}`,
  );
  const failed = await failedBy(gateway, organizationId, group);
  return new Map(
    data.map((line) => {
      const name = (group === 'tag' ? line.tag : line.deployment_id) ?? '';
      return [name, of({ ...line, failed: failed.get(name) ?? 0 })] as const;
    }),
  );
}

/** Admitted requests that nobody answered, by tag: they are in the usage, and the table counts answers alone. */
async function failedBy(gateway: Gateway, organizationId: string, group: string): Promise<ReadonlyMap<string, number>> {
  const failed = new Map<string, number>();
  if (group !== 'tag') return failed;
  let cursor = '';
  do {
    const page = await gateway.admin<{ data: { tags: string[] }[]; next_cursor: string | null }>(
      'GET',
      `/requests?organization_id=${organizationId}&status=failed&limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    for (const { tags } of page.data)
      for (const tag of tags.length === 0 ? [''] : tags) failed.set(tag, (failed.get(tag) ?? 0) + 1);
    cursor = page.next_cursor ?? '';
  } while (cursor !== '');
  return failed;
}

function differences(what: string, wanted: ReadonlyMap<string, number>, said: ReadonlyMap<string, number>): string[] {
  return [...new Set([...wanted.keys(), ...said.keys()])].flatMap((name) => {
    const [want, say] = [wanted.get(name) ?? 0, said.get(name) ?? 0];
    return want === say ? [] : [`${what} ${name || 'none'}: ${say}, not ${want}`];
  });
}

function shown(lane: 'on' | 'off', outcomes: readonly Outcome[]): ProveResult {
  const wrong = outcomes.filter((outcome) => outcome.wrong.length > 0);
  const count = (status: Expected['status']) => outcomes.filter(({ expected }) => expected.status === status).length;
  return {
    holds: wrong.length === 0,
    figure: `fast lane ${lane}: ${outcomes.length - wrong.length} of ${outcomes.length} requests as the table says (${count('answered')} answered, ${count('failed')} without a fit deployment, ${count('no_deployment')} no_deployment_for_tags, ${count('bad_tags')} bad tags)`,
    details: wrong.slice(0, 40).map(({ one, wrong: what }) => {
      const { tenant, target, ask, form } = one;
      return `${form.name} to ${target.name}, tags: ${ask.name}, policy: ${tenant.policy.name}: ${what.join('; ')}`;
    }),
  };
}

function booksShown(
  books: readonly { readonly name: string; readonly wrong: readonly string[]; readonly requests: number }[],
): ProveResult {
  const wrong = books.filter((book) => book.wrong.length > 0);
  const requests = books.reduce((sum, book) => sum + book.requests, 0);
  return {
    holds: wrong.length === 0,
    figure: `spend by deployment and requests by tag of ${books.length - wrong.length} of ${books.length} tenants exact over ${requests} answers`,
    details: wrong.map((book) => `${book.name}: ${book.wrong.join('; ')}`),
  };
}

/** Who is passed over by requests without tags is listed. */
async function passedOver({ gateway, ids }: Site): Promise<ProveResult> {
  const wanted = (['chat', 'embedding'] as const).flatMap((mode) =>
    TARGETS.flatMap((target) => {
      const there = target.places.filter(({ is }) => is !== 'disabled');
      const hasPlain = there.some(({ tags }) => tags.length === 0);
      return there
        .filter(({ tags }) => hasPlain && tags.length > 0)
        .map((place) => ids.get(upstreamOf(mode, target, place)) ?? '');
    }),
  );
  const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', '/deployments?passed_over=true&limit=200');
  const listed = data.map(({ id }) => id);
  return {
    holds: sorted(listed) === sorted(wanted),
    figure: `${listed.length} of ${wanted.length} deployments listed that requests without tags pass over`,
    details: [`listed ${listed.join(', ')}`, `wanted ${wanted.join(', ')}`],
  };
}

/** And named in the log of the next start. */
async function toldAtStart({ gateway }: Site): Promise<ProveResult> {
  const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', '/deployments?passed_over=true&limit=200');
  await gateway.stop();
  const next = await startGateway({ dataDir: gateway.dataDir, adminToken: gateway.adminToken });
  const missing = () => data.filter(({ id }) => !next.output().includes(id));
  for (let tries = 0; missing().length > 0 && tries < 50; tries += 1) await sleep(100);
  await next.stop();
  return {
    holds: missing().length === 0,
    figure: `${data.length - missing().length} of ${data.length} named in the log of the next start`,
  };
}
