import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { checkDeployment } from '../credential-check.ts';
import type { DeploymentCheck } from '../provider.ts';
import { Recorder } from './recorder.ts';
import { secretsOf } from './secret-words.ts';
import { sentSecrets } from './sent-secrets.ts';
import type { TracedProvider } from './trace-credential.ts';
import { tracedCall } from './traced-call.ts';

/** Sends a deployment its smallest request, and returns the result with each call. No token of an earlier call is used. Never rejects. */
export async function traceDeployment(
  deployment: DeploymentConfig,
  open: (recorder: Recorder) => TracedProvider,
  clock: Clock,
): Promise<DeploymentCheck> {
  const recorder = new Recorder(clock);
  const { provider, close } = open(recorder);
  const checked = await checkDeployment(provider, deployment, clock);
  close();
  const { calls } = recorder;
  const secrets = secretsOf(deployment.credential === null ? [] : sentSecrets(deployment.credential, calls));
  return { ...checked, calls: calls.map((call) => tracedCall(call, secrets)) };
}
