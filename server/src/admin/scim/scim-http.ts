/** SCIM 2.0 as HTTP: the routes below /scim/v2, with bodies, types and errors of their own. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type JsonBounds, jsonShape } from '../../lib/json/json-shape.ts';
import * as groups from '../../store/identity/scim-groups.ts';
import * as people from '../../store/identity/scim-people.ts';
import type { AdminDeps } from '../http/deps.ts';
import { authenticateScim } from './authenticate-scim.ts';
import { BODY_BYTES_MAX, PAGE_MAX, resourceTypes, schemas, serviceProviderConfig } from './discovery.ts';
import { createGroup, deleteGroup, patchGroup, replaceGroup } from './groups.ts';
import { noteRefusal } from './note-refusal.ts';
import { createPace } from './pace.ts';
import { createPerson, deletePerson, patchPerson, replacePerson } from './people.ts';
import { readGroupFilter, readPersonFilter } from './read-filter.ts';
import { readPatch } from './read-patch.ts';
import { type DirectoryCall, directoryCall } from './scim-call.ts';
import { invalidSyntax, invalidValue, noSuch, renderScimError, ScimError, scimErrorOf } from './scim-error.ts';
import { type Projection, projected, type Resource, readProjection, shows, viewGroup, viewList, viewPerson } from './views.ts';

export const SCIM_PREFIX = '/scim/v2';

/** A body of 1 MiB has at most about 22,000 members. */
const BODY_BOUNDS: JsonBounds = { valuesMax: 100_000, levelsMax: 16 };
const TYPE = 'application/scim+json; charset=utf-8';
/** The most members that one answer shows, in all its groups. */
const MEMBERS_MAX = 100_000;
const PAGE_DEFAULT = 100;
const START_MAX = 10_000_000;

/** An answer: its status, its resource, and the address of a new one. */
interface Answer {
  readonly status: 200 | 201 | 204;
  readonly body?: Resource;
}

type Handle = (directory: DirectoryCall, request: FastifyRequest) => Promise<Answer> | Answer;

/** Returns a plugin that serves the routes. What it sets for bodies and errors counts only for them. */
export function scimRoutes(deps: AdminDeps): (scim: FastifyInstance) => Promise<void> {
  return async (scim) => {
    const pace = createPace(deps);
    const directories = new WeakMap<FastifyRequest, DirectoryCall>();
    acceptScimBodies(scim);
    scim.setErrorHandler(async (error, request, reply) => {
      const refused = scimErrorOf(error, request.id, deps.log);
      const directory = directories.get(request);
      if (directory !== undefined) await noteRefusal(directory, request, refused);
      return sendError(reply, refused);
    });
    scim.setNotFoundHandler((_, reply) =>
      sendError(
        reply,
        new ScimError(
          404,
          'There is nothing at this path. The endpoint has Users, Groups, ServiceProviderConfig, ResourceTypes and Schemas.',
        ),
      ),
    );
    scim.addHook('onRequest', async (request, reply) => {
      if (request.is404) return;
      const token = await authenticateScim(deps, request.headers, request.ip);
      reply.raw.once('close', pace.begin(token.id));
      takeRoom(deps, request, reply);
      directories.set(request, directoryCall(deps, token, request));
    });
    for (const [methodAndPath, handle] of Object.entries(ROUTES)) {
      const [method = '', url = ''] = methodAndPath.split(' ');
      scim.route({
        method: method as 'GET',
        url,
        bodyLimit: BODY_BYTES_MAX,
        schema: { hide: true },
        handler: async (request, reply) => {
          const answer = await handle(directories.get(request) as DirectoryCall, request);
          return sendAnswer(reply, answer);
        },
      });
    }
  };
}

const ROUTES: Readonly<Record<string, Handle>> = {
  'GET /ServiceProviderConfig': ({ baseUrl }) => ok(serviceProviderConfig(baseUrl)),
  'GET /ResourceTypes': ({ baseUrl }) => ok(wholeList(resourceTypes(baseUrl))),
  'GET /ResourceTypes/:id': ({ baseUrl }, request) => ok(oneOf(resourceTypes(baseUrl), request)),
  'GET /Schemas': ({ baseUrl }) => ok(wholeList(schemas(baseUrl))),
  'GET /Schemas/:id': ({ baseUrl }, request) => ok(oneOf(schemas(baseUrl), request)),

  'GET /Users': listPeople,
  'POST /Users': async (directory, request) => {
    const person = await createPerson(directory, request.body);
    return { status: 201, body: projected(viewPerson(directory.baseUrl, person), readProjection(queryOf(request))) };
  },
  'GET /Users/:id': async (directory, request) => {
    const { organizationId, call } = directory;
    const person = await people.find(call.deps.db, { organizationId, id: idOf(request) });
    if (person === null) throw noSuch('person');
    return showPerson(directory, request, person);
  },
  'PUT /Users/:id': async (directory, request) =>
    showPerson(directory, request, await replacePerson(directory, idOf(request), request.body)),
  'PATCH /Users/:id': async (directory, request) =>
    showPerson(directory, request, await patchPerson(directory, idOf(request), readPatch(request.body))),
  'DELETE /Users/:id': async (directory, request) => {
    await deletePerson(directory, idOf(request));
    return { status: 204 };
  },

  'GET /Groups': listGroups,
  'POST /Groups': async (directory, request) => {
    const group = await createGroup(directory, request.body);
    return { ...(await showGroup(directory, request, group)), status: 201 };
  },
  'GET /Groups/:id': async (directory, request) => {
    const { organizationId, call } = directory;
    const group = await groups.find(call.deps.db, { organizationId, id: idOf(request) });
    if (group === null) throw noSuch('group');
    return showGroup(directory, request, group);
  },
  'PUT /Groups/:id': async (directory, request) =>
    showGroup(directory, request, await replaceGroup(directory, idOf(request), request.body)),
  // Without the group: a large one would be read for each member that comes or goes.
  'PATCH /Groups/:id': async (directory, request) => {
    await patchGroup(directory, idOf(request), readPatch(request.body));
    return { status: 204 };
  },
  'DELETE /Groups/:id': async (directory, request) => {
    await deleteGroup(directory, idOf(request));
    return { status: 204 };
  },
};

async function listPeople({ organizationId, call, baseUrl }: DirectoryCall, request: FastifyRequest): Promise<Answer> {
  const query = queryOf(request);
  const projection = readProjection(query);
  const { startIndex, limit } = pageOf(query);
  const page = { offset: startIndex - 1, limit };
  const { rows, total } = await people.search(call.deps.db, organizationId, readPersonFilter(query.filter), page);
  const shown = rows.map((person) => projected(viewPerson(baseUrl, person), projection));
  return ok(viewList(shown, { total, startIndex }));
}

async function listGroups(directory: DirectoryCall, request: FastifyRequest): Promise<Answer> {
  const { organizationId, call, baseUrl } = directory;
  const query = queryOf(request);
  const projection = readProjection(query);
  const { startIndex, limit } = pageOf(query);
  const page = { offset: startIndex - 1, limit };
  const { rows, total } = await groups.search(call.deps.db, organizationId, readGroupFilter(query.filter), page);
  const members = await membersOf(directory, projection, rows);
  const shown = rows.map((group) => projected(viewGroup(baseUrl, group, members?.get(group.id) ?? null), projection));
  return ok(viewList(shown, { total, startIndex }));
}

function showPerson({ baseUrl }: DirectoryCall, request: FastifyRequest, person: people.ScimPerson): Answer {
  return ok(projected(viewPerson(baseUrl, person), readProjection(queryOf(request))));
}

async function showGroup(directory: DirectoryCall, request: FastifyRequest, group: groups.ScimGroupRow): Promise<Answer> {
  const projection = readProjection(queryOf(request));
  const members = await membersOf(directory, projection, [group]);
  return ok(projected(viewGroup(directory.baseUrl, group, members === null ? null : (members.get(group.id) ?? [])), projection));
}

/** Loads the members of groups; null if the answer does not show them. Throws 400 `tooMany` rather than leave some out. */
async function membersOf(
  { organizationId, call }: DirectoryCall,
  projection: Projection,
  rows: readonly groups.ScimGroupRow[],
): Promise<ReadonlyMap<string, readonly string[]> | null> {
  if (!shows(projection, 'members')) return null;
  const groupIds = rows.map(({ id }) => id);
  const members = await groups.membersOf(call.deps.db, { organizationId, groupIds, limit: MEMBERS_MAX + 1 });
  const total = [...members.values()].reduce((sum, ids) => sum + ids.length, 0);
  if (total <= MEMBERS_MAX) return new Map(groupIds.map((id) => [id, members.get(id) ?? []]));
  throw new ScimError(
    400,
    `The answer would have more than ${MEMBERS_MAX} members. Ask with excludedAttributes=members, or for fewer groups at once.`,
    'tooMany',
  );
}

function ok(body: Resource): Answer {
  return { status: 200, body };
}

function wholeList(resources: readonly Resource[]): Resource {
  return viewList(resources, { total: resources.length, startIndex: 1 });
}

function oneOf(resources: readonly Resource[], request: FastifyRequest): Resource {
  const wanted = idOf(request).toLowerCase();
  const found = resources.find(({ id }) => String(id).toLowerCase() === wanted);
  if (found === undefined) throw new ScimError(404, 'There is no such resource. List all of them without an id.');
  return found;
}

function idOf(request: FastifyRequest): string {
  const { id } = request.params as { readonly id: string };
  // Text that PostgreSQL refuses names nothing.
  return id.includes('\0') || !id.isWellFormed() ? '' : id;
}

/** Returns the parameters that a request may have once each. Others are ignored, as Entra's flag in its address is. */
function queryOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const query = request.query as Readonly<Record<string, unknown>>;
  const read: Record<string, string> = {};
  for (const name of ['filter', 'startIndex', 'count', 'attributes', 'excludedAttributes']) {
    const value = query[name];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw invalidValue(`${name} must be given once.`);
    read[name] = value;
  }
  return read;
}

/** Reads the page: a start below 1 means 1, and a count above the most means the most (RFC 7644, 3.4.2.4). */
function pageOf({ startIndex, count }: Readonly<Record<string, string | undefined>>) {
  const start = wholeNumber('startIndex', startIndex, 1);
  const wanted = wholeNumber('count', count, PAGE_DEFAULT);
  return { startIndex: Math.min(Math.max(start, 1), START_MAX), limit: Math.min(Math.max(wanted, 0), PAGE_MAX) };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^-?[0-9]{1,9}$/.test(text)) throw invalidValue(`${name} must be a whole number.`);
  return Number(text);
}

/** Reserves memory for a body until the answer is sent, as for the admin API. */
function takeRoom({ buffered }: AdminDeps, request: FastifyRequest, reply: FastifyReply): void {
  const { 'content-length': declared, 'transfer-encoding': coding } = request.headers;
  if (buffered === undefined || (declared === undefined && coding === undefined)) return;
  const room = buffered.roomFor([request.ip]);
  if (!room.take(Math.min(BODY_BYTES_MAX, Number(declared ?? BODY_BYTES_MAX) || 0))) {
    throw new ScimError(503, 'Too many request bodies are arriving at once. Try again in a moment.', null, {
      'retry-after': '1',
    });
  }
  reply.raw.once('close', () => room.free());
}

/** Accepts JSON under both of its names, within bounds that are checked before parsing. */
function acceptScimBodies(scim: FastifyInstance): void {
  const parse = scim.getDefaultJsonParser('error', 'error');
  scim.removeAllContentTypeParsers();
  scim.addContentTypeParser(['application/scim+json', 'application/json'], { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) done(null, undefined);
    else if (jsonShape(bytes, BODY_BOUNDS).is !== 'within')
      done(invalidSyntax('The body has too many values, or is nested too deeply.'));
    else parse(request, bytes.toString('utf8'), done);
  });
}

function sendAnswer(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  reply.code(status);
  if (body === undefined) return reply.send();
  const { location } = (body.meta ?? {}) as { readonly location?: string };
  if (status === 201 && location !== undefined) reply.header('location', location);
  return reply.header('content-type', TYPE).send(JSON.stringify(body));
}

function sendError(reply: FastifyReply, error: ScimError): FastifyReply {
  return reply.code(error.status).headers(error.headers).header('content-type', TYPE).send(renderScimError(error));
}
