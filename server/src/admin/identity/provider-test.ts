import { z } from 'zod';
import { ProviderIncomplete, ProviderUnreachable } from '../../identity/protocol-problems.ts';
import { instantOut, isoOf } from '../http/fields.ts';
import { conflict, notFound, Problem } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { flowOfId, openResult, requireReturnPath, startFlow } from '../sso/flow.ts';
import { type TestOutcome, testOutcome } from '../sso/test-outcome.ts';
import { loadProvider, providerParams } from './load-provider.ts';

/** The test of an identity provider: a whole way through it that signs nobody in. */

const HOME_OF_TESTS = '/sign-in';

export const start = route({
  summary: 'Start a test of an identity provider',
  description:
    'Returns the address of the provider to open in this browser, and `open_url` for another one. The test makes no session. Its result can be fetched by its id for ten minutes, and the browser comes back to `return_to` with `?sso=tested&test=<id>`.',
  permission: 'identity.manage',
  takesReason: false,
  params: providerParams,
  body: z.strictObject({ return_to: text(1_000).optional() }),
  response: z.object({
    id: z.string(),
    location: z.string(),
    open_url: z.string().meta({
      description:
        'For a test that a program starts: an address of the gateway that any browser can open until the test ends. Whoever has it can take this test, and nothing else.',
    }),
    expires_at: instantOut,
  }),
  load: loadProvider,
  handle: async (call, row) => {
    const returnTo = requireReturnPath(call.body.return_to ?? HOME_OF_TESTS, '/return_to');
    try {
      const wanted = { purpose: 'test', accountId: call.actor.accountId, returnTo, loginHint: null, isFresh: false } as const;
      const { id, location, openUrl, cookies, expiresAt } = await startFlow(call, row, wanted);
      call.cookies = cookies;
      return { id, location, open_url: openUrl, expires_at: isoOf(expiresAt) };
    } catch (error) {
      if (error instanceof ProviderIncomplete) throw conflict(error.message);
      if (error instanceof ProviderUnreachable) throw new Problem(502, error.message);
      throw error;
    }
  },
});

const resultOut = z
  .object({
    state: z.enum(['waiting', 'passed', 'refused']).meta({ description: '`waiting`: the browser has not come back yet.' }),
    code: z.string().nullable().meta({ description: 'Why the answer was refused, as a word. Null: it was not.' }),
    words: z.string().nullable().meta({ description: 'The same as a sentence.' }),
    checks: z
      .array(z.object({ name: z.string(), ok: z.boolean(), words: z.string() }))
      .meta({ description: 'Each check of the answer, with what was expected and what came.' }),
    claims: z.record(z.string(), z.unknown()).nullable().meta({ description: 'The claims as they came.' }),
    would_be: z.string().nullable().meta({
      description:
        'Who the person would be: `Ada would be org_member, Support: developer (by the directory).` Of a member it names what a directory, another provider or a person gave.',
    }),
  })
  .meta({ id: 'IdentityProviderTest' });

export const result = route({
  summary: 'Get the result of a test',
  description: 'Returns every check, the claims as they came, and who the person would be.',
  permission: 'identity.manage',
  params: providerParams,
  query: z.strictObject({ id: text(64, 1) }),
  response: resultOut,
  load: loadProvider,
  handle: async (call, row) => {
    const known = await flowOfId(call.deps, row.id, call.query.id);
    if (known.is !== 'found' || known.flow.purpose !== 'test' || known.flow.organizationId !== row.organizationId)
      throw notFound('test, or its ten minutes are over');
    const { flow } = known;
    const kept = flow.result === null ? null : openResult(call.deps, flow, { of: 'test', sealed: flow.result });
    return kept === null ? WAITING : shown(testOutcome.parse(kept));
  },
});

const WAITING = { state: 'waiting' as const, code: null, words: null, checks: [], claims: null, would_be: null };

function shown({ outcome, ...facts }: TestOutcome): z.output<typeof resultOut> {
  return { state: outcome, ...facts };
}
