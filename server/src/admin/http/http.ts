import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify';
import { requestId } from '../../lib/id.ts';
import { type JsonBounds, jsonShape } from '../../lib/json/json-shape.ts';
import { strictTransportOf } from '../../lib/strict-transport.ts';
import { answerRoute, send } from '../access/walk.ts';
import { openapiOptions } from '../contract/openapi.ts';
import { operationOf } from '../contract/operation.ts';
import { Exports } from '../exports/exports.ts';
import { Attempts } from '../guards/attempts.ts';
import { refuseCrossSite } from '../guards/csrf.ts';
import { orKnownReader } from '../guards/known-readers.ts';
import { SCIM_PREFIX, scimRoutes } from '../scim/scim-http.ts';
import { refusedSignInsOf } from '../session/sign-in-audit.ts';
import { refusedArrivalsOf } from '../sso/refusals.ts';
import type { Listeners } from '../streams/listeners.ts';
import { guessesOf } from '../tokens/token-guesses.ts';
import { type Actor, ANONYMOUS } from './actor.ts';
import type { Authenticate } from './authenticate.ts';
import type { AdminDeps } from './deps.ts';
import { FORM_TYPE } from './form-type.ts';
import { API_PREFIX, methodsOf, noSuchRoute } from './methods.ts';
import { invalid, Problem, renderProblem } from './problem.ts';
import { problemOf, wrongType } from './problem-of.ts';
import type { AdminRoute, RouteTable } from './route.ts';

const BODY_BYTES_MAX = 1_048_576;
/** The body limit of public routes, in bytes. There the caller is not known when the body arrives. */
const PUBLIC_BODY_BYTES_MAX = 65_536;
/** The bounds of a JSON body. No configuration change is larger, and each invalid value adds an error to the answer. */
const BODY_BOUNDS: JsonBounds = { valuesMax: 20_000, levelsMax: 64 };
/** The bounds of a body that is a file: a list of prices of 3,000 models has 1.7 MB and 50,000 values. */
const FILE_BYTES_MAX = 4 * BODY_BYTES_MAX;
const FILE_BOUNDS: JsonBounds = { valuesMax: 250_000, levelsMax: 64 };
/** The bounds of a form that another site posts: a signed answer of 256 kB in base64, and few fields. */
const FORM_BYTES_MAX = 524_288;
const FORM_FIELDS_MAX = 20;
const PARAM_LENGTH_MAX = 512;

/**
 * The content security policy of the reference page, which loads everything from here. It does not upgrade http to https: most
 * gateways are first opened without a certificate.
 */
const PAGE_POLICY =
  "default-src 'self'; base-uri 'self'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; script-src-attr 'none'; frame-ancestors 'none'";

/** Builds a fastify instance with the admin routes. It never listens: the caller passes requests to it. */
export async function buildHttp(
  deps: AdminDeps,
  routes: RouteTable,
  authenticate: Authenticate,
  listeners: Listeners,
): Promise<FastifyInstance> {
  const http = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
    genReqId: () => requestId(deps.clock.nowMs()),
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply as FastifyReply, request as FastifyRequest, problemOf(error, request.id, deps.log));
    },
  });
  // The walk validates bodies and parameters after the permission check. Fastify only passes the schemas to the reference.
  http.setValidatorCompiler(() => () => true);
  http.setSerializerCompiler(() => (data) => JSON.stringify(data));
  acceptJsonOnly(http);
  acceptForms(http);
  answerErrors(http, deps, routes);
  const strictTransport = strictTransportOf(deps.publicUrl);
  http.addHook('onRequest', async (request, reply) => {
    addStandingHeaders(request, reply);
    if (strictTransport !== null) reply.header(...strictTransport);
  });
  await http.register(swagger, openapiOptions);
  await http.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: PAGE_POLICY, theme: { title: 'Headgate admin API' } });
  http.get(`${API_PREFIX}/openapi.json`, { schema: { hide: true } }, async () => http.swagger());
  const attempts = new Attempts(deps);
  http.addHook('onClose', async () => {
    const guesses = [guessesOf(deps).settled(), guessesOf(deps, 'scim_token').settled()];
    const refused = [refusedSignInsOf(deps).settled(), refusedArrivalsOf(deps).settled()];
    await Promise.all([attempts.settled(), ...guesses, ...refused]);
  });
  const services: RouteServices = { authenticate, listeners, exports: new Exports(), attempts };
  for (const [methodAndPath, route] of Object.entries(routes)) addRoute(http, deps, services, methodAndPath, route);
  await http.register(scimRoutes(deps), { prefix: SCIM_PREFIX });
  await http.ready();
  return http;
}

/** The services that every route uses. */
interface RouteServices {
  readonly authenticate: Authenticate;
  readonly listeners: Listeners;
  readonly exports: Exports;
  readonly attempts: Attempts;
}

function addRoute(
  http: FastifyInstance,
  deps: AdminDeps,
  { authenticate, ...shared }: RouteServices,
  methodAndPath: string,
  route: AdminRoute,
): void {
  const [method = '', path = ''] = methodAndPath.split(' ');
  if (!route.permission || !route.load) throw new Error(`admin route ${methodAndPath} declares no permission or no loader`);
  const actors = new WeakMap<FastifyRequest, Actor>();
  const caller = (request: FastifyRequest) => callerOf(deps, route, authenticate, request);
  const bodyLimit = bodyLimitOf(route);
  http.route({
    method: method as HTTPMethods,
    url: API_PREFIX + path,
    schema: operationOf(methodAndPath, route),
    bodyLimit,
    config: { takesForm: route.takesForm },
    // Runs before the body is read, so that an unknown caller cannot make the process read a megabyte.
    onRequest: async (request, reply) => {
      actors.set(request, await caller(request));
      takeRoom(deps, request, reply, bodyLimit);
    },
    handler: async (request, reply) => {
      const again = () => caller(request);
      return send(reply, await answerRoute(deps, route, { actor: actors.get(request) as Actor, again, ...shared }, request));
    },
  });
}

function bodyLimitOf({ permission, takesFile, takesForm }: AdminRoute): number {
  if (takesForm) return FORM_BYTES_MAX;
  if (permission === 'public') return PUBLIC_BODY_BYTES_MAX;
  return takesFile ? FILE_BYTES_MAX : BODY_BYTES_MAX;
}

/**
 * Reserves memory for a body until the answer is sent, by its declared length. Bodies here share the limit of the data plane's.
 * Throws 503 if there is no room.
 */
function takeRoom({ buffered }: AdminDeps, request: FastifyRequest, reply: FastifyReply, bodyLimit: number): void {
  const { 'content-length': declared, 'transfer-encoding': coding } = request.headers;
  if (buffered === undefined || (declared === undefined && coding === undefined)) return;
  const room = buffered.roomFor([request.ip]);
  if (!room.take(Math.min(bodyLimit, Number(declared ?? bodyLimit) || 0))) {
    throw new Problem(503, 'Too many request bodies are arriving at once. Try again in a moment.', {
      headers: { 'retry-after': '1' },
    });
  }
  reply.raw.once('close', () => room.free());
}

/** Returns the caller. A route for forms of other sites takes everybody as anonymous. A public route takes a signed-in visitor as such and everybody else as anonymous. */
async function callerOf(deps: AdminDeps, route: AdminRoute, authenticate: Authenticate, request: FastifyRequest): Promise<Actor> {
  if (route.takesForm) return ANONYMOUS;
  refuseCrossSite(request, deps.publicUrl);
  const authenticated = route.needsNoDatabase ? orKnownReader(authenticate) : authenticate;
  if (route.permission !== 'public') return authenticated(deps, request.headers, request.ip);
  if (request.headers.cookie === undefined) return ANONYMOUS;
  return authenticate(deps, { cookie: request.headers.cookie }, request.ip).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 401) return ANONYMOUS;
    throw error;
  });
}

function takesFormOf({ routeOptions }: FastifyRequest): boolean {
  return (routeOptions.config as { takesForm?: boolean }).takesForm === true;
}

/** Accepts only JSON, within bounds that are checked before parsing. An empty body counts as none, whatever its type says. */
function acceptJsonOnly(http: FastifyInstance): void {
  const parse = http.getDefaultJsonParser('error', 'error');
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (takesFormOf(request)) return done(wrongType(true));
    const bytes = body as Buffer;
    const bounds = request.routeOptions.bodyLimit === FILE_BYTES_MAX ? FILE_BOUNDS : BODY_BOUNDS;
    const { is } = jsonShape(bytes, bounds);
    if (bytes.length === 0) done(null, undefined);
    else if (is === 'too_deep')
      done(invalid('', `the body is nested too deeply: at most ${bounds.levelsMax} levels are allowed`));
    else if (is === 'too_many') done(invalid('', `the body has too many values: at most ${bounds.valuesMax} are allowed`));
    else parse(request, bytes.toString('utf8'), done);
  });
}

/** Accepts forms on the routes that take them, and nowhere else: a page of another site can post a form without asking. */
function acceptForms(http: FastifyInstance): void {
  http.addContentTypeParser(FORM_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    if (!takesFormOf(request)) return done(wrongType(false));
    const fields = [...new URLSearchParams((body as Buffer).toString('utf8'))];
    const form = Object.fromEntries(fields);
    if (fields.length > FORM_FIELDS_MAX)
      done(invalid('', `the form has too many fields: at most ${FORM_FIELDS_MAX} are allowed`));
    else if (Object.keys(form).length < fields.length) done(invalid('', 'the form has a field twice'));
    else done(null, form);
  });
}

function addStandingHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-request-id': request.id,
    'request-id': request.id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
}

function answerErrors(http: FastifyInstance, deps: AdminDeps, routes: RouteTable): void {
  http.setErrorHandler((error, request, reply) =>
    sendProblem(reply, request, problemOf(error, request.id, deps.log, takesFormOf(request))),
  );
  const allowedAt = methodsOf(routes);
  http.setNotFoundHandler((request, reply) => sendProblem(reply, request, noSuchRoute(request, allowedAt)));
}

function sendProblem(reply: FastifyReply, request: FastifyRequest, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(renderProblem(problem, request.id)));
}
