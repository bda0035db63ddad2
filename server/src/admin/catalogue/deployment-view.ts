import { z } from 'zod';
import type { GivenPrice } from '../../domain/money/price-units.ts';
import { PROVIDER_NAME } from '../../domain/presets/forms.ts';
import { CODED_PROVIDERS } from '../../domain/presets/preset.ts';
import { DEPLOYMENT_MODES } from '../../domain/routing/catalogue.ts';
import { isAtCapacity } from '../../domain/routing/routing.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import * as checks from '../../store/catalogue/deployment-checks.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import { passedOver } from '../../store/catalogue/passed-over.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { lackedUnits } from '../../store/catalogue/unpriced.ts';
import { deploymentHealth, NO_ATTEMPTS } from '../../store/usage/attempt-health.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull, metadataOut } from '../http/fields.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { attemptsOut, attemptsSinceMs, renderAttempts, stateOut } from './attempts-view.ts';
import { pricesOut, renderPrices } from './price-fields.ts';
import { provenanceOut, renderProvenance } from './price-versions.ts';

/** The API view of a deployment. */

export const mode = z.enum(DEPLOYMENT_MODES);
export const providerName = z
  .string()
  .regex(PROVIDER_NAME, 'must be a provider or the id of a preset')
  .meta({ description: `A provider (${[...CODED_PROVIDERS].join(', ')}) or the id of a preset.`, examples: ['openai'] });

export const onHangup = z.enum(['finish', 'stop']);
export const outputCapField = z.enum(['max_tokens', 'max_completion_tokens']);

/** Descriptions of the fields that bound a request's charge. */
export const BOUND_WORDS = {
  context_window:
    'The most tokens of a request and its answer together. A chat request that is longer by an estimate (8 bytes of text for each token) goes to other deployments, or to `context_fallbacks`. Null if not declared.',
  max_searches:
    'The most web searches that one request can make here. A blocking budget holds this many. Null if not declared; a blocking budget then refuses requests that may search.',
  max_part_tokens:
    'The most input tokens of one image, audio or file part, or of the result of one search or fetched page. A blocking budget holds this many for each. Null if not declared; 40,000 are then held and count as unbounded.',
  on_hangup:
    'The action upstream when the client hangs up before the answer ends. `finish` reads the answer to its end and charges what the provider reports. `stop` ends the call and charges what was made or, for a whole answer under a blocking budget, the hold. Null ends a stream, but reads a whole answer under a blocking budget to its end.',
  output_cap_field:
    'The field in which chat requests that the gateway writes itself state the output cap. Some compatible servers know only `max_tokens`. Null: `max_completion_tokens`. A client’s own field is passed on unchanged.',
} as const;

const boundsOut = {
  context_window: z.int().nullable().meta({ description: BOUND_WORDS.context_window }),
  max_searches: z.int().nullable().meta({ description: BOUND_WORDS.max_searches }),
  max_part_tokens: z.int().nullable().meta({ description: BOUND_WORDS.max_part_tokens }),
  on_hangup: onHangup.nullable().meta({ description: BOUND_WORDS.on_hangup }),
  output_cap_field: outputCapField.nullable().meta({ description: BOUND_WORDS.output_cap_field }),
};

export const deploymentOut = z
  .object({
    id: z.string(),
    organization_id: z
      .string()
      .nullable()
      .meta({ description: 'The organization that brought the deployment. Null: the platform.' }),
    model: z.string(),
    provider: z.string(),
    upstream_model: z.string(),
    credential_id: z.string().nullable(),
    mode,
    prices: pricesOut
      .nullable()
      .meta({ description: 'The price version in force. Null if the deployment is unpriced, which does not mean free.' }),
    prices_effective_from: instantOut.nullable(),
    prices_from: z
      .object(provenanceOut)
      .nullable()
      .meta({ description: 'The origin of the price in force. Null if the deployment is unpriced.' }),
    unpriced_units: z.array(z.string()).meta({
      description:
        'Units used here without a price in the last 30 days that the version in force still lacks. Spend leaves them out, and blocking budgets refuse them. Pieces and buckets appear by name, service tiers as `service_tier:` and the name if it is a known one, prompts above the ordinary length as `context_tier`. Tools and betas cannot have a price here; usage lists them.',
    }),
    limits: z.object({ rpm: z.int().nullable(), tpm: z.int().nullable() }),
    capacity_use: z
      .object({
        requests: z.int().meta({ description: 'Requests sent in the present minute, counted against `limits.rpm`.' }),
        tokens: z
          .int()
          .meta({ description: 'Tokens used by answers that ended in the present minute, counted against `limits.tpm`.' }),
        is_full: z
          .boolean()
          .meta({ description: 'True if the deployment is tried last until the minute ends. It is never refused.' }),
        resets_at: instantOut,
      })
      .nullable()
      .meta({
        description: 'The use of its capacity, as counted by the process that answers. Null if it has no capacity limits.',
      }),
    attempts: attemptsOut.meta({
      description: 'The attempts of all tenants in the last hour, counted from the start of a quarter of an hour.',
    }),
    ...stateOut,
    weight: z.int(),
    priority: z.int(),
    tags: z.array(z.string()).meta({
      description:
        'Tags for routing; they authorize nothing. A request’s tags that no deployment of its target carries are ignored; a deployment must carry all the others. Requests without tags go to deployments without tags, if there are any.',
    }),
    passed_over_at: z.array(z.string()).meta({
      description:
        'Models and route groups whose requests without tags skip this deployment, because it carries tags and another deployment there carries none.',
    }),
    max_output_tokens: z.int().nullable(),
    ...boundsOut,
    timeout_ms: z.int(),
    enabled: z.boolean(),
    last_check: z
      .object({
        checked_at: instantOut,
        actor_kind: z.string(),
        actor_id: z.string(),
        actor_name: z.string(),
        ok: z.boolean(),
        latency_ms: z.int(),
        status: z.int().nullable(),
        message: z.string(),
      })
      .nullable()
      .meta({
        description: 'The last `POST /deployments/{id}/check`: who made it, and its result. Null if there was none.',
      }),
    metadata: metadataOut,
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Deployment' });

/** Returns the fields that people set, and the price. The audit log compares them. */
export function deploymentFacts(row: DeploymentRow, price: GivenPrice | null | undefined) {
  return {
    model: row.model,
    provider: row.provider,
    upstream_model: row.upstreamModel,
    credential_id: row.credentialId,
    mode: row.mode,
    prices: renderPrices(price),
    limits: { rpm: row.rpm, tpm: row.tpm },
    weight: row.weight,
    priority: row.priority,
    tags: row.tags,
    max_output_tokens: row.maxOutputTokens,
    context_window: row.contextWindow,
    max_searches: row.searchesMax,
    max_part_tokens: row.partTokensMax,
    on_hangup: row.onHangup,
    output_cap_field: row.outputCapField,
    timeout_ms: row.timeoutMs,
    enabled: row.enabled,
    metadata: row.metadata,
  };
}

export async function viewDeployment(call: AdminCall, row: DeploymentRow): Promise<z.output<typeof deploymentOut>> {
  const [view] = await viewDeployments(call, [row]);
  if (view === undefined) throw new Error('the view of the row is missing');
  return view;
}

/**
 * Renders several deployments with one query each for the prices in force, the unpriced units, the targets that pass them over
 * and the last checks.
 */
export async function viewDeployments(call: AdminCall, rows: readonly DeploymentRow[]) {
  const ids = rows.map((row) => row.id);
  const now = new Date(call.deps.clock.nowMs());
  const inForce = await prices.inForce(call.deps.db, ids, now);
  const lacked = await lackedUnits(call.deps.db, now, ids);
  const passed = await passedOver(call.deps.db, ids);
  const checked = await checks.findMany(call.deps.db, ids);
  const sinceMs = attemptsSinceMs(call);
  const health = await deploymentHealth(call.deps.db, ids, new Date(sinceMs));
  return rows.map((row) => {
    const price = inForce.get(row.id);
    const facts = deploymentFacts(row, price);
    return {
      id: row.id,
      organization_id: row.owner || null,
      ...facts,
      unpriced_units: [...(lacked.get(row.id) ?? [])],
      passed_over_at: [...(passed.get(row.id) ?? [])],
      capacity_use: capacityUse(call, row),
      last_check: renderCheck(checked.get(row.id)),
      ...renderAttempts(call, health.get(row.id) ?? NO_ATTEMPTS, sinceMs),
      prices_effective_from: facts.prices === null ? null : isoOrNull(price?.effectiveFrom ?? null),
      prices_from: facts.prices === null || price === undefined ? null : renderProvenance(price),
      capabilities: [...capabilitiesOf(call.actor, { organizationId: row.owner || null })],
      version: row.version,
      created_at: isoOf(row.createdAt),
      updated_at: isoOf(row.updatedAt),
    };
  });
}

function renderCheck(row: checks.DeploymentCheckRow | undefined): z.output<typeof deploymentOut>['last_check'] {
  if (row === undefined) return null;
  const { checkedAt, actorKind, actorId, actorName, ok, latencyMs, status, message } = row;
  return {
    checked_at: isoOf(checkedAt),
    actor_kind: actorKind,
    actor_id: actorId,
    actor_name: actorName,
    ...{ ok, latency_ms: latencyMs, status, message },
  };
}

function capacityUse({ deps: { process, clock } }: AdminCall, row: DeploymentRow) {
  const limits = { rpm: row.rpm, tpm: row.tpm };
  if (limits.rpm === null && limits.tpm === null) return null;
  const { requests, tokens, resetsInMs } = process.deploymentUse(row.id);
  const resets_at = new Date(clock.nowMs() + resetsInMs).toISOString();
  return { requests, tokens, is_full: isAtCapacity(limits, { requests, tokens }), resets_at };
}

/** Returns the fields that identify a deployment in an audit event. */
export function deploymentEvent(row: DeploymentRow) {
  return { organizationId: row.owner || null, objectType: 'deployment', objectId: row.id, objectName: row.model };
}
