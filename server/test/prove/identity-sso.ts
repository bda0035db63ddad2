// Single sign-on over a real gateway: real providers in processes of their own, three organizations, and answers that must be refused.
import { oidcScenarios } from './identity-sso-oidc.ts';
import { samlScenarios } from './identity-sso-saml.ts';
import { openSsoSite, type SsoScenario, type SsoSite } from './identity-sso-site.ts';
import { type ProveOptions, type ProveResult, unmet } from './prove.ts';

/** Each protocol adds its own. They run one after the other on the same site. */
const SCENARIOS: readonly SsoScenario[] = [...oidcScenarios, ...samlScenarios];

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  const opened = await openSsoSite();
  if ('lacks' in opened) return { holds: true, figure: '', skipped: opened.lacks };
  const { site, close } = opened;
  try {
    const results: ProveResult[] = [];
    for (const scenario of SCENARIOS) {
      doing?.(scenario.name);
      results.push(await scenario.run(site, { quick }));
    }
    return judged(site, results);
  } finally {
    await close();
  }
}

function judged({ figures }: SsoSite, results: readonly ProveResult[]): ProveResult {
  const signIns = [...figures.signIns].map(([name, count]) => `${name} ${count}`).join(', ');
  const wrong = [
    ...results.flatMap(({ holds, figure, details = [] }) => (holds ? [] : [figure, ...details])),
    ...unmet({
      'no sign-in is lost': figures.lost === 0,
      'no session acts outside its organization': figures.outside === 0,
      'an owner came in by break-glass': figures.breakGlass > 0,
      'hostile answers were refused': figures.refused > 0,
      'somebody signed in': figures.signIns.size > 0,
    }),
  ];
  return {
    holds: wrong.length === 0,
    figure: [
      `sign-ins ${signIns}; lost ${figures.lost}`,
      `hostile answers refused ${figures.refused}`,
      `sessions outside their organization ${figures.outside}`,
      `owners in by break-glass ${figures.breakGlass}`,
      ...results.map(({ figure }) => figure),
    ].join('; '),
    details: wrong,
  };
}
