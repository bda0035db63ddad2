/** Bedrock and AWS's token service on this machine: they check signatures with code of their own, and answer what they are told to. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The keys that the server knows, by their ids. */
export const SECRETS: Readonly<Record<string, string>> = {
  AKIDEXAMPLE: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  ASIAOFTHEROLE000: 'secret-of-the-role',
};
export const API_KEY = 'bedrock-api-key-0123456789';
export const REGION = 'eu-central-1';
export const SESSION_OF_ROLE = 'session-of-the-role';

export interface AskedOfBedrock {
  readonly operation: string;
  /** The model's id as the path names it, decoded. */
  readonly model: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
  /** The way in which it was proved who asks. */
  readonly proof: 'bearer' | 'signed';
}

export interface BedrockUpstream {
  readonly origin: string;
  readonly asked: AskedOfBedrock[];
  /** The times that a role was taken. */
  readonly roles: { readonly roleArn: string | null; readonly externalId: string | null }[];
  /** The time from now on for which keys of a role last. */
  roleLastsMs: number;
  close(): Promise<void>;
}

export type BedrockAnswer = (asked: AskedOfBedrock, response: ServerResponse) => void;

export const JSON_HEAD = { 'content-type': 'application/json', 'x-amzn-requestid': 'req-0001' };
export const STREAM_HEAD = { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'req-0001' };

export async function bedrockUpstream(answer: BedrockAnswer): Promise<BedrockUpstream> {
  const asked: AskedOfBedrock[] = [];
  const roles: { roleArn: string | null; externalId: string | null }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const refused = refusalOf(request, body);
      if (refused !== null) {
        const head = { 'content-type': 'application/json', 'x-amzn-errortype': `${refused}:http://internal.amazon.com/` };
        response.writeHead(403, head).end(JSON.stringify({ message: `${refused} for arn:aws:iam::123456789012:user/someone` }));
      } else if (request.url === '/') {
        const form = new URLSearchParams(body.toString());
        roles.push({ roleArn: form.get('RoleArn'), externalId: form.get('ExternalId') });
        response.writeHead(200, { 'content-type': 'text/xml' }).end(roleXml(new Date(Date.now() + upstream.roleLastsMs)));
      } else {
        const [, id = '', operation = request.url ?? ''] = /^\/model\/([^/]+)\/([a-z-]+)$/.exec(request.url ?? '') ?? [];
        const one: AskedOfBedrock = {
          operation,
          model: decodeURIComponent(id),
          path: request.url ?? '',
          body: body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>),
          headers: request.headers,
          proof: request.headers.authorization?.startsWith('Bearer ') ? 'bearer' : 'signed',
        };
        asked.push(one);
        answer(one, response);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: BedrockUpstream = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    roles,
    roleLastsMs: 3_600_000,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

function roleXml(end: Date): string {
  return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAOFTHEROLE000</AccessKeyId>
<SecretAccessKey>secret-of-the-role</SecretAccessKey><SessionToken>${SESSION_OF_ROLE}</SessionToken>
<Expiration>${end.toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
}

/** Returns the exception with which AWS refuses a request; null if its proof is right. */
function refusalOf({ method, url = '', headers }: IncomingMessage, body: Buffer): string | null {
  const { authorization = '' } = headers;
  if (authorization === `Bearer ${API_KEY}`) return null;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([a-z0-9-]+)\/(bedrock|sts)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
  const [, id = '', day = '', region = '', service = '', names = '', signature] = parts.exec(authorization) ?? [];
  const secret = SECRETS[id];
  if (signature === undefined || secret === undefined) return 'UnrecognizedClientException';
  const date = String(headers['x-amz-date']);
  if (region !== REGION || date.slice(0, 8) !== day) return 'InvalidSignatureException';
  if (id.startsWith('ASIA') && headers['x-amz-security-token'] !== SESSION_OF_ROLE) return 'UnrecognizedClientException';
  const digest = createHash('sha256').update(body).digest('hex');
  const path = encodeURIComponent(url).replaceAll('%2F', '/');
  const lines = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, path, '', lines.join(''), names, digest].join('\n');
  const range = [day, region, service, 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', date, range.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = range.reduce<Buffer>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  const right = createHmac('sha256', key).update(text).digest('hex') === signature;
  return right && headers['x-amz-content-sha256'] === digest ? null : 'InvalidSignatureException';
}
