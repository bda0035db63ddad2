/**
 * The keys of the machine that the gateway runs on. Only this file calls the addresses that issue them, which requests of the data
 * plane never reach: the transport refuses them.
 *
 * The order is that of AWS's own tools: a token that the platform mounts for a role, the address that a container is given, and
 * the metadata service of EC2 in its second version, which needs a token of its own.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type FetchedToken, TokenFailure } from '../kept-token.ts';
import type { KeysDeps } from './keys-deps.ts';
import type { AwsKeys } from './sign-v4.ts';
import { assumeRoleWithToken } from './sts.ts';

/** The addresses of the services that issue keys. */
export interface MachineServices {
  readonly containers: string;
  readonly metadata: string;
}

const SERVICES: MachineServices = { containers: 'http://169.254.170.2', metadata: 'http://169.254.169.254' };
/** The hosts that may issue keys to a container, as in AWS's own tools: those of ECS and EKS, and the machine itself. */
const CONTAINER_HOSTS: ReadonlySet<string> = new Set([
  ...['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', '127.0.0.1', '[::1]', 'localhost'],
]);
const ANSWER_BYTES_MAX = 64 * 1024;
const ROLES = '/latest/meta-data/iam/security-credentials/';

type Environment = Readonly<Record<string, string | undefined>>;

/** Fetches the keys of this machine. Rejects with TokenFailure. */
export async function machineKeys(
  region: string,
  signal: AbortSignal,
  deps: KeysDeps,
  env: Environment = process.env,
  services: MachineServices = SERVICES,
): Promise<FetchedToken<AwsKeys>> {
  const { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: file } = env;
  if (roleArn !== undefined && file !== undefined)
    return assumeRoleWithToken({ roleArn, token: await textIn(file), region }, signal, deps);
  const address = containerAddress(env, services);
  const answer = address === null ? await metadataAnswer(services, signal) : await containerAnswer(address, env, signal);
  return keysIn(answer, deps.clock.nowMs());
}

/** Returns the address that gives a container its keys; null if this is none. Throws TokenFailure for an address elsewhere. */
function containerAddress(env: Environment, services: MachineServices): string | null {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = env;
  if (relative?.startsWith('/') === true) return services.containers + relative;
  if (full === undefined) return null;
  if (!URL.canParse(full) || !CONTAINER_HOSTS.has(new URL(full).hostname) || new URL(full).protocol !== 'http:')
    throw new TokenFailure('AWS_CONTAINER_CREDENTIALS_FULL_URI names no service that issues keys to containers');
  return full;
}

async function containerAnswer(address: string, env: Environment, signal: AbortSignal): Promise<string> {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = env;
  const authorization = file === undefined ? token : await textIn(file);
  return asked('GET', address, authorization === undefined ? {} : { authorization }, signal);
}

async function metadataAnswer({ metadata }: MachineServices, signal: AbortSignal): Promise<string> {
  const token = await asked('PUT', `${metadata}/latest/api/token`, { 'x-aws-ec2-metadata-token-ttl-seconds': '300' }, signal);
  const headers = { 'x-aws-ec2-metadata-token': token };
  const [role = ''] = (await asked('GET', metadata + ROLES, headers, signal)).trim().split('\n');
  if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw new TokenFailure('this machine has no role');
  return asked('GET', `${metadata}${ROLES}${role}`, headers, signal);
}

function keysIn(answer: string, nowMs: number): FetchedToken<AwsKeys> {
  try {
    const json = JSON.parse(answer) as Readonly<Record<string, unknown>>;
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: end } = json;
    if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string' && typeof sessionToken === 'string')
      return { token: { accessKeyId, secretAccessKey, sessionToken }, lastsMs: Date.parse(String(end)) - nowMs };
  } catch {}
  throw new TokenFailure('this machine’s service for keys answered without keys');
}

async function textIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    throw new TokenFailure('the file with this workload’s token cannot be read');
  }
}

function asked(
  method: 'GET' | 'PUT',
  address: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new TokenFailure(why));
    const sent = request(address, { method, headers, signal }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) sent.destroy(new Error('too long'));
        chunks.push(chunk);
      });
      answer.on('error', () => fail('this machine’s service for keys broke off'));
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else fail(`this machine’s service for keys answered ${answer.statusCode}`);
      });
    });
    sent.on('error', () => fail('this machine’s service for keys could not be reached'));
    sent.end();
  });
}
