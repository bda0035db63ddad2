/** Temporary keys of a role, from AWS's token service (STS): https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
import type { FetchedToken } from '../kept-token.ts';
import { TokenFailure } from '../kept-token.ts';
import { domainOf } from './endpoints.ts';
import type { KeysDeps } from './keys-deps.ts';
import { type AwsKeys, encoded, signingHeaders } from './sign-v4.ts';

export interface Role {
  readonly keys: AwsKeys;
  readonly roleArn: string;
  readonly externalId: string | null;
  readonly region: string;
}

type StsDeps = Pick<KeysDeps, 'transport' | 'clock' | 'tokenService'>;

const SESSION = 'headgate';
const LASTS_S = 3_600;
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const FORM = 'application/x-www-form-urlencoded';

/** Takes a role with the keys of a credential. Rejects with TokenFailure. */
export function assumeRole(role: Role, signal: AbortSignal, deps: StsDeps): Promise<FetchedToken<AwsKeys>> {
  const more = role.externalId === null ? {} : { ExternalId: role.externalId };
  const fields = { Action: 'AssumeRole', RoleArn: role.roleArn, ...more };
  return asked(fields, role.region, role.keys, signal, deps);
}

/** Takes a role with a token that the platform issued to this workload. Rejects with TokenFailure. */
export function assumeRoleWithToken(
  { roleArn, token, region }: { readonly roleArn: string; readonly token: string; readonly region: string },
  signal: AbortSignal,
  deps: StsDeps,
): Promise<FetchedToken<AwsKeys>> {
  const fields = { Action: 'AssumeRoleWithWebIdentity', RoleArn: roleArn, WebIdentityToken: token };
  return asked(fields, region, null, signal, deps);
}

async function asked(
  fields: Readonly<Record<string, string>>,
  region: string,
  keys: AwsKeys | null,
  signal: AbortSignal,
  deps: StsDeps,
): Promise<FetchedToken<AwsKeys>> {
  const all = { ...fields, Version: '2011-06-15', RoleSessionName: SESSION, DurationSeconds: String(LASTS_S) };
  const body = Buffer.from(
    Object.entries(all)
      .map(([name, value]) => `${name}=${encoded(value)}`)
      .join('&'),
  );
  const origin = deps.tokenService?.(region) ?? `https://sts.${region}.${domainOf(region)}`;
  const { host } = new URL(origin);
  const request = { method: 'POST', host, path: '/', contentType: FORM, body } as const;
  const signature = keys === null ? [] : signingHeaders(request, keys, { region, service: 'sts' }, deps.clock.nowMs());
  const headers = ['content-type', FORM, 'accept', 'application/xml', 'user-agent', 'headgate', ...signature];
  const { status, text } = await collected({ origin, headers, body }, signal, deps);
  if (status !== 200) throw new TokenFailure(`AWS’s token service answered ${status}${codeIn(text)}`);
  return keysIn(text, deps.clock.nowMs());
}

/** Returns the code of an error, which is a plain word. The message names accounts, so it is left out. */
function codeIn(text: string): string {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1];
  return code === undefined ? '' : ` (${code})`;
}

function keysIn(text: string, nowMs: number): FetchedToken<AwsKeys> {
  const field = (name: string) => new RegExp(`<${name}>([^<]{1,8192})</${name}>`).exec(text)?.[1]?.trim();
  const [accessKeyId, secretAccessKey, sessionToken] = [field('AccessKeyId'), field('SecretAccessKey'), field('SessionToken')];
  const endsMs = Date.parse(field('Expiration') ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || Number.isNaN(endsMs))
    throw new TokenFailure('AWS’s token service answered without keys');
  return { token: { accessKeyId, secretAccessKey, sessionToken }, lastsMs: endsMs - nowMs };
}

/** Sends a request, and resolves to its whole answer. Rejects with TokenFailure, also if the signal ends it. */
function collected(
  request: { readonly origin: string; readonly headers: string[]; readonly body: Buffer },
  signal: AbortSignal,
  { transport }: StsDeps,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status = 0;
    const call = transport.send(
      { ...request, method: 'POST', path: '/', timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX },
      {
        head: (answered) => {
          status = answered;
        },
        data: (chunk) => {
          chunks.push(chunk);
          return true;
        },
        end: () => resolve({ status, text: Buffer.concat(chunks).toString('utf8') }),
        failed: () => reject(new TokenFailure('AWS’s token service could not be reached')),
      },
    );
    signal.addEventListener('abort', () => {
      call.abort();
      reject(new TokenFailure('AWS’s token service did not answer in time'));
    });
  });
}
