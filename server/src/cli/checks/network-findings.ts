/** The way from outside to a running gateway: its public address, the certificate there, and what proxies say about the caller. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { certificateEnds } from '../../lib/certificates.ts';
import { tlsFailure } from '../../lib/tls-failures.ts';
import type { Config } from '../../settings/config.ts';
import { caFileOf } from '../../settings/server-url.ts';
import type { CommandIo } from '../command-io.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const PUBLIC = 'public address';
const ANSWER_MS_MAX = 5_000;
const DAY_MS = 86_400_000;
const DAYS_MIN = 14;
/** An address for documentation: no client has it. */
const FORGED = '203.0.113.77';

export async function networkFindings(config: Config, env: CommandIo['env']): Promise<readonly Finding[]> {
  const { publicUrl, host, port } = config;
  const local = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`;
  const [reached, ...certificates] = await Promise.all([
    publicUrl === null
      ? gatewayFinding('gateway', local, async () => false)
      : gatewayFinding(PUBLIC, publicUrl, () => answers(local)),
    publicCertificate(publicUrl),
    ...caFindings(config),
  ]);
  const proxies =
    reached.verdict !== 'ok' || publicUrl === null ? [] : [await proxyFinding(config, publicUrl, env.HEADGATE_ADMIN_TOKEN)];
  return [reached, ...proxies, ...certificates.filter((one) => one !== null)];
}

async function gatewayFinding(about: string, base: string, runsHere: () => Promise<boolean>): Promise<Finding> {
  try {
    const answer = await get(`${base}/health/ready`);
    const body = (await answer.json().catch(() => null)) as { status?: string } | null;
    if (answer.status === 200 && body !== null) return ok(about, `A gateway at ${base} is ready.`);
    return answer.status === 503 && typeof body?.status === 'string'
      ? warn(about, `The gateway at ${base} is not ready: ${body.status}.`, 'See its log.')
      : fail(
          about,
          `${base}/health/ready answers ${answer.status}, and not as a gateway does.`,
          'Check where the address and the proxy lead.',
        );
  } catch (error) {
    const reason = reasonOf(error);
    const untrusted = tlsFailure({ code: reason }, 'NODE_EXTRA_CA_CERTS=/path/ca.pem');
    if (untrusted !== null)
      return fail(about, `${base} answers, but cannot be used from here (${reason}).`, capitalized(untrusted));
    const found = `Nothing answers at ${base} (${reason}).`;
    // Before the first start there is no gateway, and often no proxy yet. Neither stops a start.
    return (await runsHere())
      ? fail(about, found, 'The gateway runs: check the address, the proxy and its certificate.')
      : warn(about, found, `This is right if the gateway${about === PUBLIC ? ' or its proxy' : ''} is not started yet.`);
  }
}

async function answers(base: string): Promise<boolean> {
  return get(`${base}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Calls the gateway through its public address with a forged header, and compares what it takes for the caller's address. */
async function proxyFinding({ trustedProxies }: Config, publicUrl: string, token: string | undefined): Promise<Finding> {
  const about = 'proxy headers';
  if (!token) return ok(about, 'They are not looked at: that needs HEADGATE_ADMIN_TOKEN.');
  const answer = await get(`${publicUrl}/api/v1/health`, { authorization: `Bearer ${token}`, 'x-forwarded-for': FORGED }).catch(
    () => null,
  );
  const seen = answer?.status === 200 ? ((await answer.json()) as { caller_address?: string }).caller_address : undefined;
  if (seen === undefined)
    return warn(
      about,
      `They could not be looked at: ${publicUrl}/api/v1/health answered ${answer?.status ?? 'nothing'}.`,
      'Check HEADGATE_ADMIN_TOKEN.',
    );
  if (seen === FORGED)
    return fail(
      about,
      'A client can claim any address: the gateway believed a forged x-forwarded-for.',
      'Have the proxy replace or extend the header, and list only proxies in HEADGATE_TRUSTED_PROXIES.',
    );
  return trustedProxies.length === 0 && publicUrl.startsWith('https:')
    ? warn(
        about,
        `The gateway takes ${seen}, the proxy, for the address of every client.`,
        'List it in HEADGATE_TRUSTED_PROXIES.',
      )
    : ok(about, `The gateway takes ${seen} for this machine’s address, and ignored a forged one.`);
}

async function publicCertificate(publicUrl: string | null): Promise<Finding | null> {
  if (!publicUrl?.startsWith('https:')) return null;
  const { hostname, port } = new URL(publicUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  // TLS asks for a certificate by name only.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const endMs = await new Promise<number | null>((resolve) => {
    // Only its end is read here; whether it is valid says the call.
    const socket = connect({ host, port: Number(port || 443), ...name, rejectUnauthorized: false }, () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to));
      socket.destroy();
    });
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on('error', () => resolve(null)).on('close', () => resolve(null));
  });
  return endMs === null ? null : certificateFinding(`the certificate of ${hostname}`, endMs);
}

function caFindings({ databaseUrl, redisCaFile }: Config): readonly Promise<Finding | null>[] {
  return [databaseUrl === null ? null : caFileOf(databaseUrl), redisCaFile].map(async (path) => {
    if (path === null) return null;
    const ends = certificateEnds(await readFile(path, 'utf8').catch(() => ''));
    return ends.length === 0
      ? fail('certificates', `${path} holds no certificate that can be read.`, 'Check the path and its permissions.')
      : certificateFinding(path, Math.min(...ends));
  });
}

function certificateFinding(of: string, endMs: number): Finding {
  const days = Math.floor((endMs - Date.now()) / DAY_MS);
  const found = days < 0 ? `${of}: expired ${ago(Date.now() - endMs)}.` : `${of}: ${days} days left.`;
  if (days < 0) return fail('certificates', found, 'Renew it.');
  return days < DAYS_MIN ? warn('certificates', found, 'Renew it.') : ok('certificates', found);
}

function ago(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  if (days === 0) return 'less than a day ago';
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    headers: { connection: 'close', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name: string; cause?: { code?: unknown; message?: unknown } };
  return name === 'TimeoutError' ? 'no answer in time' : String(cause?.code ?? cause?.message ?? name);
}
