/** Checks hourly that providers accept their credentials. Announces once when one begins to fail and once when it recovers. */
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { isRefusal, type UpstreamModels } from '../providers/provider.ts';
import * as checks from '../store/catalogue/credential-checks.ts';
import { PLATFORM } from '../store/catalogue/credentials.ts';
import { type CredentialOpener, openStored, UnusableCredential } from '../store/sealing/stored-credential.ts';
import type { Announcer } from './alerts/announce.ts';
import { goOn, type Job, type JobContext } from './job.ts';

export interface CredentialCheckOptions {
  /** Makes one live call that costs nothing. Never rejects. */
  readonly listModels: (credential: CredentialConfig) => Promise<UpstreamModels>;
  readonly opener: CredentialOpener;
  readonly announcer: Announcer;
}

type Checked = Awaited<ReturnType<typeof checks.all>>[number];

export function credentialJob(options: CredentialCheckOptions): Job {
  return {
    name: 'credential-health',
    about: 'Checks each credential: requests the provider’s list of models, which costs nothing.',
    cron: '11 * * * *',
    run: async (context) => {
      const all = await checks.all(context.database.db);
      let failing = 0;
      for (const one of all) {
        goOn(context);
        failing += await checkOne(context, options, one);
      }
      const own = await checkOwn(context, options);
      return `Checked ${all.length} credentials; providers refused ${failing}. Checked ${own.checked} own credentials; providers refused ${own.refused}.`;
    },
  };
}

/** The most own credentials of one run, and the time after which a run begins no further check. The next run goes on. */
const OWN_MAX = 500;
const OWN_MS_MAX = 10 * 60_000;

/**
 * Checks own credentials, those whose last check is the oldest first. Tenants choose their hosts, so the work is bounded. The result
 * is for their owner: nothing is announced, and the platform learns the counts alone.
 */
async function checkOwn(context: JobContext, options: CredentialCheckOptions) {
  const endsAtMs = context.clock.monotonicMs() + OWN_MS_MAX;
  let [checked, refused] = [0, 0];
  for (const one of await checks.ownOldestFirst(context.database.db, OWN_MAX)) {
    goOn(context);
    if (context.clock.monotonicMs() > endsAtMs) break;
    checked += 1;
    refused += await checkOne(context, options, one);
  }
  return { checked, refused };
}

async function checkOne(
  { database: { db }, clock }: JobContext,
  options: CredentialCheckOptions,
  { credential, check }: Checked,
): Promise<number> {
  const answer = await askProvider(options, credential, clock.nowMs());
  // What a vendor was not asked is no result of a check.
  if (!answer.ok && answer.isUnasked === true) return 0;
  const at = new Date(clock.nowMs());
  const wasRefused = (check?.failingSince ?? null) !== null;
  // A refused credential stays refused until a check succeeds.
  const isRefused = !answer.ok && (wasRefused || isRefusal(answer.status));
  const failingSince = isRefused ? (check?.failingSince ?? at) : null;
  const message = answer.ok ? null : answer.message;
  await db.transaction(async (tx) => {
    await checks.put(tx, { credentialId: credential.id, checkedAt: at, ok: answer.ok, message, failingSince });
    if (isRefused === wasRefused || credential.owner !== PLATFORM) return;
    await options.announcer.announce(tx, {
      organizationId: null,
      teamId: null,
      type: isRefused ? 'credential.failing' : 'credential.recovered',
      data: { credential: { id: credential.id, name: credential.name, provider: credential.provider }, message },
      at,
    });
  });
  return isRefused ? 1 : 0;
}

/** Lists the models that a credential gives access to. One that may not be used is a failure of that credential alone. */
async function askProvider(
  { opener, listModels }: CredentialCheckOptions,
  row: Checked['credential'],
  nowMs: number,
): Promise<UpstreamModels> {
  try {
    const credential = openStored(row, opener, nowMs);
    const answer = await listModels(credential);
    const untilMs = credential.other?.untilMs ?? null;
    if (answer.ok || !isRefusal(answer.status) || untilMs === null) return answer;
    return { ...answer, message: `${answer.message} (the secret before it counts until ${new Date(untilMs).toISOString()})` };
  } catch (error) {
    if (!(error instanceof UnusableCredential)) throw error;
    return { ok: false, status: null, message: error.message };
  }
}
