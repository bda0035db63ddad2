import { describe, expect, test } from 'vitest';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();

describe('a request walks to its settlement', () => {
  test('an answer is charged what the provider reported, once, and everything held is given back', async () => {
    const { ask, rows, counters } = await open({ organization: { rateLimits: { rpm: 10, tpm: 100_000, max_parallel: 1 } } });
    const said = await ask(HELLO);
    expect(said.status).toBe(200);
    const usage = said.json().usage as { prompt_tokens: number; completion_tokens: number };
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ status: 'succeeded', attempts: 1, count: 1, calledName: 'fast', deploymentId: 'dep_1' });
    expect(rows[0]?.entries).toMatchObject([
      { attempt: 1, kind: 'usage', nanoUsd: Math.ceil(usage.prompt_tokens * 50 + usage.completion_tokens * 400) },
    ]);
    expect(counters.inFlight()).toBe(0);
    expect(said.headers['x-request-id']).toBe(rows[0]?.requestId);
    expect(said.headers['x-ratelimit-remaining-requests']).toBe('9');
  });

  test('a stream is charged the same as a whole answer, and ends in [DONE]', async () => {
    const { ask, rows, counters } = await open();
    const whole = await ask(HELLO);
    const stream = await ask({ ...HELLO, stream: true });
    expect(stream.headers['content-type']).toContain('text/event-stream');
    expect(stream.text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    // promise: usage is always requested upstream and stripped for clients that did not ask
    expect(stream.text).not.toContain('"prompt_tokens"');
    expect(whole.status).toBe(200);
    expect(rows[1]?.entries[0]?.usage).toEqual(rows[0]?.entries[0]?.usage);
    expect(counters.inFlight()).toBe(0);
  });

  test('an Anthropic client is answered in its dialect by a model that speaks OpenAI', async () => {
    const { ask } = await open();
    const said = await ask(HELLO, { path: '/v1/messages' });
    expect(said.status).toBe(200);
    expect(said.json()).toMatchObject({ type: 'message', role: 'assistant', model: 'fake-small' });
  });

  // promise: Sent in full, then timeout or hang-up: what the provider reported, else an estimate
  // promise: **Everything is charged once**: answers, streams, hang-ups, timeouts, fallbacks, crashes.
  test('a client that hangs up in the middle is charged what was delivered, marked estimated, and holds nothing', async () => {
    const { ask, rows, counters } = await open();
    await ask({ ...HELLO, stream: true }, { hangUpAfter: 2 });
    expect(rows).toMatchObject([{ status: 'cancelled', httpStatus: 499 }]);
    expect(rows[0]?.entries).toMatchObject([{ kind: 'estimated' }]);
    expect(counters.inFlight()).toBe(0);
  });

  // promise: Sent in full, then timeout or hang-up: what the provider reported, else an estimate
  test('a client that hangs up before the first byte is charged the estimate, and holds nothing', async () => {
    const { ask, rows, counters, upstreamCalled } = await open({
      targets: [model('fast', [deployment({ upstreamModel: 'fake-slow' })])],
    });
    await ask(HELLO, { hangUpWhen: upstreamCalled });
    expect(rows).toMatchObject([{ status: 'cancelled', httpStatus: 499, entries: [{ kind: 'estimated' }] }]);
    expect(counters.inFlight()).toBe(0);
  });

  // promise: **Each attempt settles itself.** Refused, not connected, 4xx/5xx without usage,
  // promise: **Everything is charged once**: answers, streams, hang-ups, timeouts, fallbacks, crashes.
  test('a failing deployment is tried again, then another, and only what was used is charged', async () => {
    const failing = deployment({ id: 'dep_bad', upstreamModel: 'fake-500' });
    const { ask, rows, upstreamCalls } = await open({
      targets: [model('fast', [failing, deployment({ id: 'dep_good', priority: 1 })])],
    });
    expect((await ask(HELLO)).status).toBe(200);
    expect(rows).toMatchObject([{ status: 'succeeded', deploymentId: 'dep_good', attempts: 2, entries: [{ attempt: 2 }] }]);
    expect(upstreamCalls()).toBe(2);
  });

  test('a stream that breaks in the middle ends with an error event and never with [DONE]', async () => {
    const { ask, rows } = await open({ targets: [model('fast', [deployment({ upstreamModel: 'fake-fails-mid-stream' })])] });
    const said = await ask({ ...HELLO, stream: true });
    expect(said.text).toContain('"error"');
    expect(said.text).not.toContain('[DONE]');
    expect(rows).toMatchObject([{ status: 'failed', code: 'provider_error', entries: [{ kind: 'estimated' }] }]);
  });
});

describe('a refusal says which rule refused, spends nothing and reaches no provider', () => {
  const table: readonly {
    readonly name: string;
    readonly plan: House;
    readonly body?: unknown;
    readonly secret?: string | null;
    readonly headers?: readonly string[];
    readonly then: { readonly status: number; readonly code: string; readonly param?: string | null };
  }[] = [
    { name: 'no key', plan: {}, secret: null, then: { status: 401, code: 'invalid_api_key' } },
    { name: 'a malformed key', plan: {}, secret: 'sk-hg-nonsense', then: { status: 401, code: 'invalid_api_key' } },
    { name: 'a revoked key', plan: { key: { status: { is: 'revoked' } } }, then: { status: 401, code: 'invalid_api_key' } },
    { name: 'a disabled key', plan: { key: { status: { is: 'disabled' } } }, then: { status: 403, code: 'key_disabled' } },
    { name: 'an expired key', plan: { key: { expiresAtMs: 1 } }, then: { status: 401, code: 'api_key_expired' } },
    {
      name: 'a suspended organization',
      plan: { organization: { status: 'suspended' } },
      then: { status: 403, code: 'organization_suspended' },
    },
    {
      name: 'an archived organization',
      plan: { organization: { status: 'archived' } },
      then: { status: 403, code: 'organization_archived' },
    },
    {
      name: 'two different keys at once',
      plan: {},
      headers: ['x-api-key', 'sk-hg-other'],
      then: { status: 400, code: 'invalid_request' },
    },
    {
      name: 'an unknown model',
      plan: {},
      body: { ...HELLO, model: 'nope' },
      then: { status: 404, code: 'model_not_found', param: 'model' },
    },
    {
      name: 'a model that is not granted to the organization',
      plan: { organization: { access: { mode: 'selected', targets: [], accessGroups: [] } } },
      then: { status: 404, code: 'model_not_found', param: 'model' },
    },
    {
      name: 'a model that the key was narrowed away from',
      plan: { key: { access: { mode: 'restrict', targets: [], accessGroups: [] } } },
      then: { status: 403, code: 'model_not_allowed' },
    },
    {
      name: 'a limit of 0',
      plan: { organization: { rateLimits: { rpm: 0 } } },
      then: { status: 429, code: 'rate_limit_exceeded', param: 'org_rpm' },
    },
    {
      name: 'a token limit below one request',
      plan: { team: { rateLimits: { tpm: 3 } } },
      then: { status: 429, code: 'rate_limit_exceeded', param: 'team_tpm' },
    },
    {
      name: 'a budget of 0',
      plan: { organization: { budgets: [budget(0)] } },
      then: { status: 429, code: 'insufficient_quota', param: 'org_budget_month' },
    },
    {
      name: 'an unpriced model under a budget',
      plan: { organization: { budgets: [budget(1e12)] }, targets: [model('fast', [deployment({ prices: [] })])] },
      then: { status: 403, code: 'model_not_priced', param: 'model' },
    },
    {
      name: 'max_tokens of 0',
      plan: {},
      body: { ...HELLO, max_tokens: 0 },
      then: { status: 400, code: 'invalid_request', param: 'max_tokens' },
    },
    {
      name: 'messages that are not an array',
      plan: {},
      body: { ...HELLO, messages: 'hi' },
      then: { status: 400, code: 'invalid_request', param: 'messages' },
    },
    {
      name: 'a known field in another case',
      plan: {},
      body: { ...HELLO, Model: 'x' },
      then: { status: 400, code: 'invalid_request' },
    },
  ];

  function budget(amountNanoUsd: number) {
    return {
      id: 'bud_1',
      amountNanoUsd,
      period: { is: 'month', anchorDay: 1 },
      match: { is: 'any' },
      thresholdsPercent: [100],
      action: 'block',
      clampOutput: false,
    } as const;
  }

  for (const { name, plan, body, secret, headers, then } of table) {
    test(name, async () => {
      const { ask, rows, upstreamCalls, counters } = await open(plan);
      const said = await ask(body ?? HELLO, {
        ...(secret === undefined ? {} : { secret }),
        ...(headers === undefined ? {} : { headers }),
      });
      expect(said.status).toBe(then.status);
      expect(said.json().error.code).toBe(then.code);
      if (then.param !== undefined) expect(said.json().error.param).toBe(then.param);
      expect(Object.keys(said.json().error).sort()).toEqual(['code', 'message', 'param', 'type']);
      expect(upstreamCalls()).toBe(0);
      expect(rows.flatMap(({ entries }) => entries)).toEqual([]);
      expect(counters.inFlight()).toBe(0);
      expect(said.headers['x-request-id']).toMatch(/^req_/);
    });
  }

  // promise: Unknown keys are counted in metrics, not logged one by one
  test('a known key leaves a row with its decision, an unknown one leaves none', async () => {
    const { ask, rows } = await open({ organization: { rateLimits: { rpm: 0 } } });
    await ask(HELLO);
    await ask(HELLO, { secret: null });
    expect(rows).toMatchObject([{ status: 'refused', code: 'rate_limit_exceeded', param: 'org_rpm', keyId: 'key_1' }]);
    expect(rows[0]?.decision).toContain('|o* t= k=|');
  });
});
