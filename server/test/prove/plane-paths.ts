/** Paths of each plane, written by hand, and what processes of both roles answer to them. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { RequestOptions } from 'node:https';
import { DATA_PATHS, DATA_PREFIXES } from '../../src/domain/planes.ts';
import { ENDPOINTS } from '../../src/proxy/endpoints/endpoint.ts';

/** The plane that a path belongs to. `own`: every process answers it about itself. */
type Belongs = 'data' | 'admin' | 'own';

export interface PlanePath {
  readonly path: string;
  readonly belongs: Belongs;
  /** True if nothing is at the path, so that the plane's own answer is 404 too. */
  readonly isUnknown?: true;
}

const unknown = (belongs: Belongs) => (path: string) => ({ path, belongs, isUnknown: true }) as const;

const BELOW_PREFIXES = DATA_PREFIXES.flatMap(({ prefix }) =>
  ['', 'nothing', 'nothing/x?key=a', '/', '../api/v1/keys', '%2e%2e/api/v1/keys', '..%2f..%2fapi'].map((rest) => prefix + rest),
);

/** What only looks like a prefix. Nothing is decoded or normalised, so each belongs to the admin plane. */
const NEAR_MISSES = [
  ...['/v1', '/v1?x=/v1/', '/v1x', '/v1x/models', '/v1.', '/v1;/models', '/v1%2fmodels', '/v1\\models', '/V1/', '/V1/models'],
  ...['//v1/', '//v1/models', '/./v1/models', '/x/../v1/models', '/%76%31/models', '/%2fv1/models', '/v%31/models', '/v2/models'],
  ...['/v1beta', '/v1beta1/models', '/V1beta/models', '/v1Beta/models', '/v1alpha/models', '//v1beta/models', '/v1%62eta/models'],
  ...['/cursor', '/cursor/', '/cursor/v1', '/cursor/v1x', '/cursor/v2/models', '/Cursor/v1/models', '//cursor/v1/models'],
  ...['/cursor//v1/models', '/cursor%2fv1/models', '/cursor/%761/models', '/cursor/x/../v1/models'],
  ...[
    '/api/oauth/usage/',
    '/api/oauth//usage',
    '/api/oauth',
    '/managed/settings/',
    '/managed',
    '/.well-known/',
    '/API/oauth/usage',
  ],
  ...['/apis', '/API/v1/keys', '//api/v1/keys', '/%61pi/v1/keys', '/health', '/health/', '/metrics/', '/Metrics', '//metrics'],
];

export const PLANE_PATHS: readonly PlanePath[] = [
  ...ENDPOINTS.map(({ path }) => ({ path: path.replace('{model}', 'nothing'), belongs: 'data' }) as const),
  ...[
    ...['/v1/models', '/v1/models/nothing', '/v1beta/models', '/v1beta/models/nothing', '/v1/decisions/req_x'],
    ...['/cursor/v1/models', '/cursor/v1/models/nothing'],
  ].map((path) => ({ path, belongs: 'data' }) as const),
  ...['/.well-known/oauth-authorization-server', '/managed/settings', '/api/oauth/usage', '/api/oauth/usage?skip_spend=1'].map(
    (path) => ({ path, belongs: 'data' }) as const,
  ),
  ...['/v1/oauth/token', '/v1/oauth/device', '/v1/oauth/revoke', '/v1/metrics', '/v1/logs', '/v1/traces'].map(
    (path) => ({ path, belongs: 'data' }) as const,
  ),
  ...BELOW_PREFIXES.map(unknown('data')),
  ...[
    '/',
    '/keys',
    '/organizations',
    '/api',
    '/api/',
    '/api/docs',
    '/api/v1/openapi.json',
    '/api/v1/keys',
    '/api/v1/session',
  ].map((path) => ({ path, belongs: 'admin' }) as const),
  ...[...NEAR_MISSES, '/nothing'].map(unknown('admin')),
  ...['/health/live', '/health/ready', '/metrics'].map((path) => ({ path, belongs: 'own' }) as const),
];

/** One way of sending a request, so that both readers of HTTP and the judgement on a head are met. */
interface Way {
  readonly name: string;
  readonly options: RequestOptions;
  readonly body?: string;
}

const waysWith = (secret: string): readonly Way[] => [
  { name: 'GET', options: { headers: { authorization: `Bearer ${secret}` } } },
  { name: 'GET by a browser', options: { headers: { accept: 'text/html' } } },
  { name: 'POST', options: { method: 'POST', headers: { authorization: `Bearer ${secret}`, 'content-length': 2 } }, body: '{}' },
  { name: 'POST in chunks', options: { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, body: '{}' },
];

/** Where requests are sent: `port`, and over TLS `send` of `node:https` with its options. */
export interface Target extends RequestOptions {
  readonly send?: typeof request;
}

export interface Walked {
  readonly asked: number;
  /** Answers that are not as the table says. */
  readonly problems: readonly string[];
}

/** Sends every path in every way to a process of one role. */
export async function walkPlanes(to: Target, role: 'data' | 'admin', secret: string): Promise<Walked> {
  const judge = ({ path, belongs, isUnknown }: PlanePath, said: Said) => {
    if (belongs !== 'own' && belongs !== role) return problemOfForeign(path, role, said);
    return problemOfOwn(path, isUnknown === true, said);
  };
  return walk(to, secret, PLANE_PATHS, judge);
}

/** Sends every path in every way to a proxy before both roles. It must never pass on a path to the wrong one. */
export async function walkThrough(to: Target, secret: string): Promise<Walked> {
  const passed = PLANE_PATHS.filter(({ path }) => path !== '/metrics');
  // nginx itself refuses a path that leads above the root.
  const isRefused = (path: string, { status, text }: Said) => path.includes('..') && status === 400 && /nginx/.test(text);
  return walk(to, secret, passed, ({ path, isUnknown }, said) =>
    isRefused(path, said) ? null : problemOfOwn(path, isUnknown === true, said),
  );
}

async function walk(
  to: Target,
  secret: string,
  paths: readonly PlanePath[],
  judge: (path: PlanePath, said: Said) => string | null,
): Promise<Walked> {
  const problems: string[] = [];
  const ways = waysWith(secret);
  for (const { name, options, body } of ways) {
    for (const one of paths) {
      const problem = judge(one, await ask({ ...to, ...options, path: one.path }, body));
      if (problem !== null) problems.push(`${name} ${one.path} ${problem}`);
    }
  }
  return { asked: paths.length * ways.length, problems };
}

interface Said {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Unlike `fetch`, sends the path as it is written. */
async function ask(options: Target, body?: string): Promise<Said> {
  const { send = request, ...rest } = options;
  const asking = send(rest).end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text };
}

const ELSEWHERE = /This process serves only the (data|admin) plane/;

/** The answer of the plane itself: never that it is elsewhere, and 404 exactly if nothing is there. */
function problemOfOwn(path: string, isUnknown: boolean, { status, text, type }: Said): string | null {
  if (ELSEWHERE.test(text)) return 'is answered by the process of the other plane';
  if (status >= 500 || (isUnknown && status !== 404)) return `is answered ${status}`;
  return isUnknown && !type.startsWith('text/html') ? problemOfForm(path, text) : null;
}

/** The answer of a process of the other plane: 404, which plane it serves, and which role to ask. */
function problemOfForeign(path: string, role: 'data' | 'admin', { status, text, type }: Said): string | null {
  if (status !== 404) return `is answered ${status} by the ${role} process`;
  if (!/json/.test(type)) return `is answered ${type} by the ${role} process`;
  if (ELSEWHERE.exec(text)?.[1] !== role) return `does not hear that the process serves only the ${role} plane: ${text}`;
  if (!text.includes(`HEADGATE_ROLE=all or ${role === 'data' ? 'admin' : 'data'}`)) return 'does not hear which process to ask';
  return problemOfForm(path, text);
}

/** The error must be in the form of the path: Gemini's, Anthropic's, OpenAI's, or a problem of the admin API. */
function problemOfForm(path: string, text: string): string | null {
  const single = DATA_PATHS.find((one) => one.path === path.split('?')[0]);
  const fits =
    single !== undefined
      ? { anthropic: isAnthropic, openai: isOpenAi }[single.errors]
      : /^\/api(\/|$)/.test(path)
        ? isProblem
        : path.startsWith('/v1beta/')
          ? isGemini
          : path.startsWith('/v1/messages')
            ? isAnthropic
            : isOpenAi;
  return fits(JSON.parse(text)) ? null : `is in another form: ${text}`;
}

interface ErrorBody {
  readonly type?: unknown;
  readonly detail?: unknown;
  readonly error?: { readonly type?: unknown; readonly code?: unknown; readonly status?: unknown; readonly message?: unknown };
}

const isProblem = ({ detail }: ErrorBody) => isMessage(detail);
const isGemini = ({ error }: ErrorBody) => error?.code === 404 && error.status === 'NOT_FOUND' && isMessage(error.message);
const isAnthropic = ({ type, error }: ErrorBody) =>
  type === 'error' && error?.type === 'not_found_error' && isMessage(error.message);
const isOpenAi = ({ error }: ErrorBody) =>
  error?.type === 'invalid_request_error' && error.code === 'not_found' && isMessage(error.message);

function isMessage(value: unknown): boolean {
  return typeof value === 'string' && value.length > 20;
}
