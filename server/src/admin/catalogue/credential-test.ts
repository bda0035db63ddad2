import { z } from 'zod';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import type { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';
import { idParams, instantOut } from '../http/fields.ts';
import { conflict } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { callsOut, renderCalls } from './call-view.ts';
import { remember } from './credential-check.ts';
import { loadCredential } from './credentials.ts';
import { openCredential } from './open-credential.ts';

/** Live tests of a stored credential that show each call: what was sent, what came back, and what it means. No secret is shown. */

export const testedOut = z
  .object({
    ok: z.boolean(),
    meaning: z.string().meta({ description: 'What the test shows and what to do, in a sentence or two.' }),
    latency_ms: z.int(),
    tested_at: instantOut,
    models: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The vendor’s model names, sorted. Null if it did not list them.' }),
    calls: callsOut,
  })
  .meta({ id: 'CredentialTest' });

export const test = route({
  summary: 'Test a credential and show each call',
  callsProvider: true,
  description:
    'Fetches a token if the kind has one, asks the vendor for its list of models, and returns each call with its answer. It costs nothing and takes at most 20 seconds. While two secrets count, the newer one is tried. Returns 409 while this replica tests the same credential. The result is the credential’s `last_check`.',
  permission: 'catalogue.manage',
  params: idParams,
  response: testedOut,
  load: loadCredential,
  handle: (call, row) => testCredential(call, row),
});

/** Tests a stored credential of any owner. */
export async function testCredential(call: Pick<AdminCall, 'deps'>, row: CredentialRow): Promise<z.output<typeof testedOut>> {
  const { deps } = call;
  const running = runningOf(deps);
  if (running.has(row.id)) throw conflict('A test of this credential is running already. Wait for its end.');
  running.add(row.id);
  try {
    const trace = await deps.upstream.traceCredential(openCredential(deps, row));
    await remember(call, row.id, trace.result);
    return {
      ok: trace.result.ok,
      meaning: trace.meaning,
      latency_ms: trace.ms,
      tested_at: new Date(deps.clock.nowMs()).toISOString(),
      models: trace.result.ok ? [...trace.result.models] : null,
      calls: renderCalls(trace.calls),
    };
  } finally {
    running.delete(row.id);
  }
}

/** The credentials that are being tested, in each admin plane of this process. */
const RUNNING = new WeakMap<AdminDeps, Set<string>>();

function runningOf(deps: AdminDeps): Set<string> {
  const known = RUNNING.get(deps) ?? new Set();
  RUNNING.set(deps, known);
  return known;
}
