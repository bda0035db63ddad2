import { z } from 'zod';
import type { GivenPrice } from '../../domain/money/price-units.ts';
import { isAtCapacity } from '../../domain/routing/routing.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import { passedOver } from '../../store/catalogue/passed-over.ts';
import * as prices from '../../store/catalogue/prices.ts';
import { lackedUnits } from '../../store/catalogue/unpriced.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull, metadataOut } from '../http/fields.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { pricesOut, renderPrices } from './price-fields.ts';
import { provenanceOut, renderProvenance } from './price-versions.ts';

/** How a deployment is shown. */

export const mode = z.enum(['chat', 'embedding']);
export const providerName = z.enum(['openai', 'anthropic', 'fake']);

export const onHangup = z.enum(['finish', 'stop']);

/** What the fields that bound a request's charge mean. */
export const BOUND_WORDS = {
  max_searches:
    'The most web searches that one request can make here: under a blocking budget so many are held. Null: not declared, and then a request that may search is refused under a blocking budget.',
  max_part_tokens:
    'The most input tokens that one image, audio or file part can be, or what one search or fetched page brings: under a blocking budget each holds so many. Null: not declared; 40,000 are held and count as unbounded.',
  on_hangup:
    'What happens upstream when the caller hangs up before the answer ends. `finish`: it is read to its end and charged as reported. `stop`: it is ended, and what was made or, of a whole answer under a blocking budget, the hold is charged. Null: a stream is ended, a whole answer under a blocking budget is read to its end.',
} as const;

const boundsOut = {
  max_searches: z.int().nullable().meta({ description: BOUND_WORDS.max_searches }),
  max_part_tokens: z.int().nullable().meta({ description: BOUND_WORDS.max_part_tokens }),
  on_hangup: onHangup.nullable().meta({ description: BOUND_WORDS.on_hangup }),
};

export const deploymentOut = z
  .object({
    id: z.string(),
    model: z.string(),
    provider: z.string(),
    upstream_model: z.string(),
    credential_id: z.string().nullable(),
    mode,
    prices: pricesOut.nullable().meta({ description: 'The version in force; null: unpriced, which is never free.' }),
    prices_effective_from: instantOut.nullable(),
    prices_from: z.object(provenanceOut).nullable().meta({ description: 'Where the price in force comes from; null: unpriced.' }),
    unpriced_units: z.array(z.string()).meta({
      description:
        'What was used here without a price in the last 30 days and has none in the version in force: spend misses it, and a blocking budget refuses it. Pieces and buckets by name; `service_tier:` with the name of a tier, or without for one that is no common word; `context_tier`: a prompt above the ordinary length. Tools and betas are not here, because a price has no place for them: see the usage.',
    }),
    limits: z.object({ rpm: z.int().nullable(), tpm: z.int().nullable() }),
    capacity_use: z
      .object({
        requests: z.int().meta({ description: 'Sent in the present minute, against limits.rpm.' }),
        tokens: z.int().meta({ description: 'Used by answers that ended in it, against limits.tpm.' }),
        is_full: z.boolean().meta({ description: 'Asked after the others until the minute ends; never refused.' }),
        resets_at: instantOut,
      })
      .nullable()
      .meta({ description: 'As the answering process counts it; null where nothing is limited.' }),
    weight: z.int(),
    priority: z.int(),
    tags: z.array(z.string()).meta({
      description:
        'They route requests and authorize nothing: a request that names tags goes to deployments that carry all of those that some deployment of its target carries. Requests without tags go to deployments without tags, where there are any.',
    }),
    passed_over_at: z.array(z.string()).meta({
      description:
        'Models and route groups whose requests without tags pass it over: it carries tags, and another deployment there carries none.',
    }),
    max_output_tokens: z.int().nullable(),
    ...boundsOut,
    timeout_ms: z.int(),
    enabled: z.boolean(),
    metadata: metadataOut,
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Deployment' });

/** What people set, and the price: the part of the view that the audit log compares. */
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
    max_searches: row.searchesMax,
    max_part_tokens: row.partTokensMax,
    on_hangup: row.onHangup,
    timeout_ms: row.timeoutMs,
    enabled: row.enabled,
    metadata: row.metadata,
  };
}

export async function viewDeployment(call: AdminCall, row: DeploymentRow): Promise<z.output<typeof deploymentOut>> {
  const [view] = await viewDeployments(call, [row]);
  if (view === undefined) throw new Error('one row makes one view');
  return view;
}

/** Several, with one query for the prices in force and one for what they lack. */
export async function viewDeployments(call: AdminCall, rows: readonly DeploymentRow[]) {
  const ids = rows.map((row) => row.id);
  const now = new Date(call.deps.clock.nowMs());
  const inForce = await prices.inForce(call.deps.db, ids, now);
  const lacked = await lackedUnits(call.deps.db, now, ids);
  const passed = await passedOver(call.deps.db, ids);
  return rows.map((row) => {
    const price = inForce.get(row.id);
    const facts = deploymentFacts(row, price);
    return {
      id: row.id,
      ...facts,
      unpriced_units: [...(lacked.get(row.id) ?? [])],
      passed_over_at: [...(passed.get(row.id) ?? [])],
      capacity_use: capacityUse(call, row),
      prices_effective_from: facts.prices === null ? null : isoOrNull(price?.effectiveFrom ?? null),
      prices_from: facts.prices === null || price === undefined ? null : renderProvenance(price),
      capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
      version: row.version,
      created_at: isoOf(row.createdAt),
      updated_at: isoOf(row.updatedAt),
    };
  });
}

function capacityUse({ deps: { process, clock } }: AdminCall, row: DeploymentRow) {
  const limits = { rpm: row.rpm, tpm: row.tpm };
  if (limits.rpm === null && limits.tpm === null) return null;
  const { requests, tokens, resetsInMs } = process.deploymentUse(row.id);
  const resets_at = new Date(clock.nowMs() + resetsInMs).toISOString();
  return { requests, tokens, is_full: isAtCapacity(limits, { requests, tokens }), resets_at };
}

/** How the audit log names a deployment. */
export function deploymentEvent(row: DeploymentRow) {
  return { organizationId: null, objectType: 'deployment', objectId: row.id, objectName: row.model };
}
