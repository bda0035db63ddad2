import { setTimeout as sleep } from 'node:timers/promises';
import { WIDE_LIMITS, WIDE_USD } from '../limits/site.ts';
import type { LoggedRow, Route, RouteDeployment, VendorSite } from '../vendor/site.ts';
import { inParallel } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type Key, makeCredential, makeKey, makeTenant } from './tenant.ts';

/** A vendor site that can be administered. */
export interface GatewaySite extends VendorSite {
  readonly gateway: Gateway;
}

/** The routes at a gateway process of its own. `upstreamBase` is the vendor's address, without `/v1`. */
export async function openGatewaySite(upstreamBase: string, routes: readonly Route[]): Promise<GatewaySite> {
  const gateway = await startGateway();
  const credentials = {
    openai: await makeCredential(gateway, 'openai', `${upstreamBase}/v1`),
    anthropic: await makeCredential(gateway, 'anthropic', upstreamBase),
    fake: null,
  };
  const keys = await makeRoutes(gateway, credentials, routes);
  const keyOf = (route: Route) => keys.get(route.name) as Key;
  return {
    gateway,
    port: gateway.port,
    secretOf: (route) => keyOf(route).secret,
    heldBy: (route) => heldBy(gateway, keyOf(route)),
    chargedTo: async (route) => {
      const { budgets } = await statusOf(gateway, keyOf(route));
      return budgets.reduce((sum, { spent }) => sum + Math.round(Number(spent) * 1e9), 0);
    },
    rowOf: (requestId) => rowOf(gateway, requestId),
    close: async () => void (await gateway.stop()),
  };
}

type Credentials = Readonly<Record<RouteDeployment['kind'], string | null>>;

async function makeRoutes(gateway: Gateway, credentials: Credentials, routes: readonly Route[]): Promise<Map<string, Key>> {
  const tenant = await makeTenant(gateway);
  const policy = { rate_limits: WIDE_LIMITS, budgets: [{ amount: String(WIDE_USD), period: 'month' }] };
  const keys = new Map<string, Key>();
  await inParallel(routes, 4, async (route) => {
    for (const [priority, { kind, upstreamModel, timeoutMs = 60_000 }] of route.deployments.entries()) {
      await gateway.admin('POST', '/deployments', {
        model: route.name,
        provider: kind,
        upstream_model: upstreamModel,
        prices: { input_per_million: '1.00', output_per_million: '10.00' },
        ...(credentials[kind] === null ? {} : { credential_id: credentials[kind] }),
        priority,
        timeout_ms: timeoutMs,
        max_output_tokens: 4_096,
      });
    }
    keys.set(route.name, await makeKey(gateway, tenant, policy));
  });
  for (const { name, fallbacks } of routes)
    if (fallbacks !== undefined) await gateway.admin('PATCH', `/models/${name}`, { fallbacks });
  return keys;
}

interface Status {
  readonly rate_limits: readonly { readonly limit: string; readonly used: number; readonly held: number }[];
  readonly budgets: readonly { readonly spent: string; readonly held: string }[];
}

function statusOf(gateway: Gateway, key: Key): Promise<Status> {
  return gateway.admin<Status>('GET', `/keys/${key.id}/limits/status`);
}

async function heldBy(gateway: Gateway, key: Key): Promise<number> {
  const status = await statusOf(gateway, key);
  const ofLimits = status.rate_limits.reduce(
    (sum, { limit, used, held }) => sum + held + (limit === 'max_parallel' ? used : 0),
    0,
  );
  return status.budgets.reduce((sum, { held }) => sum + Number(held) * 1e9, ofLimits);
}

interface RequestBody {
  readonly status: string;
  readonly http_status: number;
  readonly code: string | null;
  readonly attempts: number;
  readonly ledger: readonly {
    readonly attempt: number;
    readonly kind: string;
    readonly input_tokens: number;
    readonly cached_input_tokens: number;
    readonly output_tokens: number;
    readonly reasoning_tokens: number;
    readonly spend: string;
  }[];
}

async function rowOf(gateway: Gateway, requestId: string): Promise<LoggedRow> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { status, body } = await gateway.ask<RequestBody>('GET', `/requests/${requestId}`);
    if (status === 200) return logged(body);
    await sleep(20);
  }
  throw new Error(`the request ${requestId} was not settled within 10 s`);
}

function logged({ status, http_status, code, attempts, ledger }: RequestBody): LoggedRow {
  const entries = ledger.map((one) => ({
    attempt: one.attempt,
    kind: one.kind,
    input: one.input_tokens + one.cached_input_tokens,
    output: one.output_tokens + one.reasoning_tokens,
    nanoUsd: Math.round(Number(one.spend) * 1e9),
  }));
  return { status, httpStatus: http_status, code, attempts, entries };
}
