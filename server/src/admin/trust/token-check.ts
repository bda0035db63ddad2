import { z } from 'zod';
import { audienceOf, type Claims, checkRule, placeOf } from '../../domain/identity/trust.ts';
import { TOKEN_CHARS_MAX } from '../../domain/identity/trust-words.ts';
import { KeysUnreachable } from '../../identity/workload/issuer-keys.ts';
import { type ReadToken, readToken } from '../../identity/workload/read-token.ts';
import { verifyToken } from '../../identity/workload/verify-token.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as rules from '../../store/workload/rules.ts';
import { type IssuerRow, rulesOf } from '../../store/workload/trust.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { status } from './trust-fields.ts';

/** The dry run of a token: which rule would take it, and why the others would not. Stores nothing, and makes no key. */

const CLAIMS_BYTES_MAX = 16_384;

const body = z.strictObject({
  token: text(TOKEN_CHARS_MAX, 1).optional().meta({ description: 'A token. It is checked, and neither used nor stored.' }),
  issuer_id: id.optional().meta({ description: 'With `claims`: the trusted issuer that they are of.' }),
  claims: z
    .record(text(200, 1), z.unknown())
    .refine((claims) => JSON.stringify(claims).length <= CLAIMS_BYTES_MAX, `must have at most ${CLAIMS_BYTES_MAX} bytes`)
    .optional()
    .meta({ description: 'Instead of a token: its claims. Signature, times and audience are then not checked.' }),
});

const checkOut = z.object({ name: z.string(), ok: z.boolean(), words: z.string() });
const response = z
  .object({
    accepted: z.boolean(),
    words: z.string().meta({ description: 'The outcome in a sentence.' }),
    rule_id: z.string().nullable().meta({ description: 'The oldest active rule that takes the claims.' }),
    issuer_id: z.string().nullable(),
    checks: z.array(checkOut),
    rules: z.array(
      z.object({
        rule_id: z.string(),
        name: z.string(),
        status,
        matches: z.boolean(),
        checks: z.array(checkOut),
        values: z.array(z.string()).nullable().meta({ description: 'The values by which the rule would choose the key.' }),
      }),
    ),
    claims: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'TokenCheck' });
type Outcome = z.output<typeof response>;

export const check = route({
  summary: 'Check a token against the trust rules',
  description:
    'Reports each check, and for each rule which condition fails: “repository_id: wanted 42, got 43”. Stores nothing. A token is not used up.',
  permission: 'trust.manage',
  takesReason: false,
  params: idParams,
  body,
  response,
  load: load.organization,
  handle: async (call, organization) => {
    const { token, claims, issuer_id: issuerId } = call.body;
    if ((token === undefined) === (claims === undefined)) throw invalid('/token', 'must be set, or `claims`, and not both');
    if (token !== undefined) return checkToken(call, organization, token);
    const issuer = await rules.findIssuer(call.deps.db, { organizationId: organization.id, id: issuerId ?? '' });
    if (issuer === null) throw invalid('/issuer_id', 'must be a trusted issuer of this organization');
    return outcomeOf(call, issuer, claims ?? {}, []);
  },
});

type Check = z.output<typeof checkOut>;

async function checkToken(
  call: AdminCall<unknown, unknown, unknown>,
  organization: OrganizationRow,
  text: string,
): Promise<Outcome> {
  const token = readToken(text.trim());
  if (token.is === 'refused') return withoutRules([{ name: token.code, ok: false, words: token.words }], {});
  const audience = checkAudience(call, organization, token);
  const issuer = await rules.findIssuerByName(call.deps.db, organization.id, token.issuer);
  if (issuer === null) {
    const words = `The token is of ${token.issuer}, which the organization does not trust.`;
    return withoutRules([audience, { name: 'issuer', ok: false, words }], token.claims);
  }
  const checks = [audience, checkIssuer(issuer), await checkProof(call, issuer, token)];
  return outcomeOf(call, issuer, token.claims, checks);
}

function checkAudience(
  { deps: { publicUrl } }: AdminCall<unknown, unknown, unknown>,
  { id, slug }: OrganizationRow,
  { audience }: ReadToken,
): Check {
  if (publicUrl === null)
    return { name: 'audience', ok: false, words: 'Set HEADGATE_PUBLIC_URL: the audience of tokens begins with it.' };
  const place = placeOf(publicUrl, audience);
  const ok = place === slug || place === id;
  const wanted = audienceOf(publicUrl, slug);
  return { name: 'audience', ok, words: ok ? `aud: ${audience}` : `aud: wanted ${wanted}, got ${audience}` };
}

function checkIssuer({ name, status }: IssuerRow): Check {
  return status === 'active'
    ? { name: 'issuer', ok: true, words: `The issuer is ${name}.` }
    : { name: 'issuer', ok: false, words: `The issuer ${name} is disabled.` };
}

async function checkProof({ deps }: AdminCall<unknown, unknown, unknown>, issuer: IssuerRow, token: ReadToken): Promise<Check> {
  try {
    const verified = await verifyToken(token, issuer, { keys: deps.trust.keys, clock: deps.clock });
    return verified.is === 'refused'
      ? { name: verified.code, ok: false, words: verified.words }
      : { name: 'signature', ok: true, words: 'The signature and the times of the token are good.' };
  } catch (error) {
    if (error instanceof KeysUnreachable) return { name: 'key', ok: false, words: error.message };
    throw error;
  }
}

async function outcomeOf(
  { deps: { db } }: AdminCall<unknown, unknown, unknown>,
  issuer: IssuerRow,
  claims: Claims,
  checks: readonly Check[],
): Promise<Outcome> {
  const rows = await rulesOf(db, { organizationId: issuer.organizationId, issuerId: issuer.id });
  const results = rows.map((rule) => {
    const { matches, values, checks: ofRule } = checkRule(rule, claims);
    const named = ofRule.map(({ claim, ok, words }) => ({ name: claim, ok, words }));
    const found = { rule_id: rule.id, name: rule.name, status: rule.status, matches, checks: named };
    return { ...found, values: values === null ? null : [...values] };
  });
  const taker = results.find(({ matches, status }) => matches && status === 'active') ?? null;
  const failed = checks.find(({ ok }) => !ok) ?? null;
  return {
    accepted: taker !== null && failed === null,
    words:
      failed?.words ?? (taker === null ? 'No active rule takes these claims.' : `The rule ${taker.name} takes these claims.`),
    ...{ rule_id: taker?.rule_id ?? null, issuer_id: issuer.id },
    ...{ checks: [...checks], rules: results, claims: { ...claims } },
  };
}

function withoutRules(checks: readonly Check[], claims: Claims): Outcome {
  const words = checks.find(({ ok }) => !ok)?.words ?? '';
  return { accepted: false, words, rule_id: null, issuer_id: null, checks: [...checks], rules: [], claims: { ...claims } };
}
