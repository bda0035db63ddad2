/** Signing in with a code that is typed on another device: RFC 8628. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed, EXIT, GatewayAway } from '../outcome.ts';
import { type GatewayReply, plain, postForm, wordsOf } from './gateway-calls.ts';
import type { Login } from './login-file.ts';
import type { Wish } from './loopback.ts';
import { CLIENT_ID, loginOf } from './token-answer.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const SLOWER_BY_S = 5;
const INTERVAL_S_MAX = 60;
const WAIT_S_MAX = 1_800;

interface Started {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly page: string;
  readonly seconds: number;
  readonly interval: number;
}

/** Signs in. `show` gets the page and the code that the person types there. Waits as long as the code is good. */
export async function signInByDevice(
  url: string,
  { device, hints }: Wish,
  show: (page: string, code: string) => void,
): Promise<Login> {
  const asked = await postForm(url, '/v1/oauth/device', { client_id: CLIENT_ID, device_name: device });
  const started = startedBy(asked, url);
  show(withHints(started.page, hints), started.userCode);
  const endMs = performance.now() + started.seconds * 1_000;
  for (let interval = started.interval; performance.now() < endMs; ) {
    await sleep(interval * 1_000);
    const answer = await polled(url, started.deviceCode);
    if (answer?.status === 200) return loginOf(answer, url, { device }, Date.now());
    const error = answer?.body.error ?? 'authorization_pending';
    if (error === 'slow_down') interval = Math.min(interval + SLOWER_BY_S, INTERVAL_S_MAX);
    else if (error === 'expired_token') break;
    else if (error !== 'authorization_pending')
      throw new CommandFailed(`The login was not approved. ${wordsOf(answer as GatewayReply)}`, EXIT.notAllowed);
  }
  throw new CommandFailed('The code was not typed in time. Run headgate login --device again for a new one.');
}

/** Adds the place that the person named to the address of the page, which proposes it. The code is never in an address. */
function withHints(page: string, hints: Wish['hints']): string {
  const query = new URLSearchParams(hints).toString();
  return query === '' ? page : `${page}?${query}`;
}

/** Returns the answer to one poll; null if the gateway did not answer, which the next poll may find mended. */
async function polled(url: string, deviceCode: string): Promise<GatewayReply | null> {
  try {
    return await postForm(url, '/v1/oauth/token', { grant_type: GRANT, device_code: deviceCode, client_id: CLIENT_ID });
  } catch (error) {
    if (error instanceof GatewayAway) return null;
    throw error;
  }
}

function startedBy(answer: GatewayReply, url: string): Started {
  if (answer.status !== 200) throw new CommandFailed(`${url} did not start a login: ${wordsOf(answer)}`);
  const { device_code, user_code, verification_uri, expires_in, interval } = answer.body;
  if (![device_code, user_code, verification_uri].every((one) => typeof one === 'string' && one.length <= 2_048))
    throw new CommandFailed(`${url} answered without a code. Check that the gateway is of this version.`);
  return {
    deviceCode: String(device_code),
    userCode: plain(String(user_code)),
    page: plain(String(verification_uri)),
    seconds: Math.min(numberOr(expires_in, 600), WAIT_S_MAX),
    interval: Math.min(numberOr(interval, 5), INTERVAL_S_MAX),
  };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value > 0 ? value : otherwise;
}
