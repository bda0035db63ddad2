/** A limit of 0 and a budget of 0 are taken, and refuse everything, a model that costs nothing too. */
import { MODELS } from '../bad-input/site.ts';
import { type BadInputGateway, FREE } from './bad-input-site.ts';
import { chat } from './data-plane.ts';
import { makeKey } from './tenant.ts';

const LIMITS = ['rpm', 'tpm', 'rph', 'tph', 'rpd', 'tpd', 'max_parallel'] as const;

export async function zeroProblems(site: BadInputGateway): Promise<{ rows: number; problems: string[] }> {
  const { gateway } = site;
  const rows = [
    ...LIMITS.map((limit) => ({
      settings: { rate_limits: { [limit]: 0 } },
      model: MODELS.good,
      param: `key_${limit}`,
      code: 'rate_limit_exceeded',
    })),
    ...[MODELS.good, FREE].map((model) => ({
      settings: { budgets: [{ amount: '0', period: 'total' }] },
      model,
      param: 'key_budget_total',
      code: 'insufficient_quota',
    })),
  ];
  const [calls, charged] = [site.upstreamCalls(), await site.charged()];
  const problems: string[] = [];
  for (const { settings, model, param, code } of rows) {
    const key = await makeKey(gateway, site, settings);
    const { status, error } = await chat(gateway, key.secret, model);
    if (status !== 429 || error?.code !== code || error.param !== param)
      problems.push(`${param} of 0 at ${model}: answered ${status} ${error?.code} ${error?.param}`);
  }
  if (site.upstreamCalls() !== calls || (await site.charged()) !== charged)
    problems.push('a refused call reached the provider or was charged');
  return { rows: rows.length, problems };
}
