import { setTimeout as sleep } from 'node:timers/promises';
import { rulesOfScope } from '../../src/domain/limits/limit-plan.ts';
import { createAnthropicProvider } from '../../src/providers/anthropic/anthropic-provider.ts';
import { createOpenAiProvider } from '../../src/providers/openai/openai-provider.ts';
import type { Gateway } from '../../src/proxy/gateway.ts';
import { createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { WIDE_LIMITS, WIDE_USD } from '../limits/site.ts';
import { serveHouse } from '../support/served-house.ts';
import type { VendorDouble } from '../support/vendor-double.ts';
import { deployment, model } from '../support/walk.ts';
import { type LoggedRow, NANO_USD_PER_TOKEN, type Route, type RouteDeployment, type VendorSite } from './site.ts';

/** The routes in this process, behind the product's own listener and its own providers; no database. */
export async function openHouseSite(
  vendor: VendorDouble,
  routes: readonly Route[],
  settings: Partial<Gateway['settings']> = {},
  fastLane: 'on' | 'off' = 'on',
): Promise<VendorSite> {
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: '127.0.0.1' });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy, client: fastLane === 'on' ? 'plain' : 'full' });
  const plan = {
    moreProviders: [createOpenAiProvider({ transport }), createAnthropicProvider({ transport })],
    targets: routes.map((route) =>
      model(route.name, route.deployments.map(configOf(route, vendor)), { fallbacks: route.fallbacks ?? [] }),
    ),
    key: policyOfKey,
    gateway: { settings: { ...SETTINGS, ...settings } },
    moreKeys: routes.slice(1).map(() => policyOfKey),
  };
  const house = await serveHouse(plan, undefined, fastLane);
  const at = new Map(routes.map((route, index) => [route.name, index]));
  const keyOf = (route: Route) => house.keys[at.get(route.name) as number] as (typeof house.keys)[number];
  /** Seven limits in their order, requests in flight the last of them, then the budget. */
  const reading = (route: Route) => {
    const of = { organizationId: 'org_1', scope: 'key', scopeId: keyOf(route).id } as const;
    return house.counters.read(rulesOfScope(of, keyOf(route), 'UTC', Date.now()).counters);
  };
  return {
    port: house.port,
    secretOf: (route) => house.secrets[at.get(route.name) as number] as string,
    heldBy: async (route) => {
      const { held, used } = await reading(route);
      return [...held, used.at(-2)].reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
    },
    chargedTo: async (route) => {
      const { held, used } = await reading(route);
      return (used.at(-1) ?? 0) - (held.at(-1) ?? 0);
    },
    rowOf: async (requestId) => {
      for (let tries = 0; tries < 500; tries += 1) {
        const row = house.rows.find((one) => one.requestId === requestId);
        if (row !== undefined) return logged(row);
        await sleep(10);
      }
      throw new Error(`the request ${requestId} was not settled within 5 s`);
    },
    close: async () => {
      await house.close();
      transport.close();
    },
  };
}

const SETTINGS = { attemptsMax: 4, stallMsMax: 60_000, contentBytesMax: 1_048_576, answerBytesMax: 2 ** 24 };

const policyOfKey = {
  rateLimits: WIDE_LIMITS,
  modelLimits: [],
  budgets: [
    {
      id: 'bud_1',
      amountNanoUsd: WIDE_USD * 1e9,
      period: { is: 'month', anchorDay: 1 },
      match: { is: 'any' },
      thresholdsPercent: [100],
      action: 'block',
      clampOutput: false,
    } as const,
  ],
};

const perMillion = { input: NANO_USD_PER_TOKEN.input * 1e6, output: NANO_USD_PER_TOKEN.output * 1e6 };

function configOf(route: Route, vendor: VendorDouble) {
  return ({ kind, upstreamModel, timeoutMs = 60_000 }: RouteDeployment, priority: number) => {
    const baseUrl = kind === 'openai' ? `${vendor.base}/v1` : vendor.base;
    return deployment({
      id: `dep_${route.name}_${priority}`,
      model: route.name,
      provider: kind,
      upstreamModel,
      credential: kind === 'fake' ? null : { id: `cred_${kind}`, provider: kind, baseUrl, apiKey: 'sk-PROVIDER-SECRET' },
      prices: [{ id: 'price_1', effectiveFromMs: 0, perMillion }],
      priority,
      timeoutMs,
    });
  };
}

function logged(row: Awaited<ReturnType<typeof serveHouse>>['rows'][number]): LoggedRow {
  const entries = row.entries.map(({ attempt, kind, usage, nanoUsd }) => ({
    attempt,
    kind,
    input: (usage.input ?? 0) + (usage.cached_input ?? 0),
    output: (usage.output ?? 0) + (usage.reasoning ?? 0),
    nanoUsd: nanoUsd ?? -1,
  }));
  return { status: row.status, httpStatus: row.httpStatus, code: row.code, attempts: row.attempts, entries };
}
