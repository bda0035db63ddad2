import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { type CopySums, sums } from '../../store/mirrors/mirror-copies.ts';
import { instant } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';

/** The cost of the copies that mirrors got, which no organization pays. */

const LINES_MAX = 1_000;
const count = z.int();

const lineOut = z
  .object({
    model: z.string().meta({ description: 'The called name.' }),
    deployment_id: z.string().nullable().meta({ description: 'Null for requests that were skipped before one was chosen.' }),
    provider: z.string().nullable(),
    upstream_model: z.string().nullable(),
    answered: count,
    failed: count,
    cut: count.meta({ description: 'Copies that were ended at a bound, or because the gateway stopped.' }),
    skipped: count.meta({ description: 'Requests in the share of which no copy was sent.' }),
    took_ms: z.int().nullable().meta({ description: 'The mean time of a copy, in milliseconds.' }),
    unpriced: count.meta({ description: 'Copies at a deployment without a price. Their cost is not in `cost`.' }),
    cost: z.string().meta({ description: 'In USD.' }),
  })
  .meta({ id: 'MirrorCopies' });

export const list = route({
  summary: 'Get the copies that mirrors got, and their cost',
  description:
    'Sums by called name and deployment, dearest first, at most 1,000. The platform pays for copies: they are in no usage, budget, limit or statement of an organization.',
  permission: 'platform.read',
  query: z.strictObject({
    from: instant.meta({ description: 'The start of the range, inclusive.' }),
    to: instant.optional().meta({ description: 'The end of the range, exclusive. Default: now.' }),
  }),
  response: z.object({ data: z.array(lineOut), cost: z.string().meta({ description: 'The cost of all lines, in USD.' }) }),
  load: load.platform,
  handle: async ({ query, deps }) => {
    const [from, to] = [new Date(query.from), query.to === undefined ? new Date(deps.clock.nowMs()) : new Date(query.to)];
    if (from >= to) throw invalid('?from', 'must be before `to`');
    const lines = await sums(deps.db, from, to, LINES_MAX);
    const nanoUsd = lines.reduce((sum, line) => sum + BigInt(line.nanoUsd), 0n);
    return { data: lines.map(render), cost: formatUsd(nanoUsd) };
  },
});

function render({ calledName, deploymentId, upstreamModel, tookMs, nanoUsd, ...line }: CopySums): z.output<typeof lineOut> {
  return {
    ...line,
    model: calledName,
    deployment_id: deploymentId,
    upstream_model: upstreamModel,
    took_ms: tookMs,
    cost: formatUsd(BigInt(nanoUsd)),
  };
}
