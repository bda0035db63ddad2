import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { listUpstreamModels } from '../credential-check.ts';
import type { CredentialTrace, Provider } from '../provider.ts';
import { meaningOf } from './meaning.ts';
import { Recorder } from './recorder.ts';
import { secretsOf } from './secret-words.ts';
import { sentSecrets } from './sent-secrets.ts';
import { tracedCall } from './traced-call.ts';

/** A provider with nothing kept from earlier calls, whose calls a recorder keeps. */
export interface TracedProvider {
  readonly provider: Provider | undefined;
  close(): void;
}

/** The time for all calls of a test. */
const TEST_MS_MAX = 20_000;

/** Asks for the models of a credential, as it is now: no token of an earlier call is used. Never rejects. */
export async function traceCredential(
  credential: CredentialConfig,
  open: (recorder: Recorder) => TracedProvider,
  clock: Clock,
  testMsMax = TEST_MS_MAX,
): Promise<CredentialTrace> {
  const recorder = new Recorder(clock);
  const { provider, close } = open(recorder);
  const startedMs = clock.monotonicMs();
  const result = await listUpstreamModels(provider, credential, testMsMax);
  const ms = Math.round(clock.monotonicMs() - startedMs);
  close();
  const { calls } = recorder;
  const secrets = secretsOf(sentSecrets(credential, calls));
  const tested = { credential, calls, answer: result, nowMs: clock.nowMs(), isOutOfTime: ms >= testMsMax };
  return {
    result: result.ok ? result : { ...result, message: secrets.without(result.message) },
    // The words are ours. The only other word in them is the host, which the credential shows too.
    meaning: meaningOf(tested),
    ms,
    calls: calls.map((call) => tracedCall(call, secrets)),
  };
}
