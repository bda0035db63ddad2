/** The Files API as clients see it, over a database: OpenAI's own SDK, what is refused, and who finds what. */
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FILE_BOUNDS, FILE_URLS } from '../../src/domain/tenancy/files.ts';
import { RESPONSES_SCOPES, type ResponsesScope } from '../../src/domain/tenancy/tenancy.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { type FileStore, newFileId } from '../../src/proxy/files/file-store.ts';
import { filePieces, files } from '../../src/store/schema.ts';
import { insertTenants, ORGANIZATIONS, openTenant, TEAM_OF } from '../responses/site.ts';
import { onEveryDatabase } from '../support/database.ts';
import { memoryResponses } from '../support/stored-responses.ts';
import type { WalkHouse } from '../support/walk.ts';
import { openFiles } from './site.ts';

const DAY = 86_400;
const line = (at: number, more: object = {}) =>
  JSON.stringify({ custom_id: `r-${at}`, method: 'POST', url: FILE_URLS[0], body: { model: 'fast', messages: [] }, ...more });
const jsonl = (lines: number) => Buffer.from(Array.from({ length: lines }, (_, at) => `${line(at)}\n`).join(''));

onEveryDatabase('the Files API', (given) => {
  let store: FileStore;
  let houses: WalkHouse[] = [];

  beforeEach(async () => {
    await insertTenants(given().db);
    await given().db.delete(files);
    store = openFiles(given().db);
  });
  afterEach(async () => {
    await Promise.all(houses.map((house) => house.close()));
    houses = [];
  });

  async function open(scope: ResponsesScope | null = 'team', id: string = 'org_a'): Promise<WalkHouse> {
    const house = await openTenant(id, scope, memoryResponses(), { files: store });
    houses.push(house);
    return house;
  }
  const call = async (house: WalkHouse, key: number, request: Request) => {
    const { pathname, search } = new URL(request.url);
    const { status, headers, text } = await house.ask(null, {
      ...{ method: request.method, path: pathname, query: search.slice(1), secret: house.secrets[key] as string },
      raw: Buffer.from(await request.arrayBuffer()),
      headers: ['content-type', request.headers.get('content-type') ?? 'application/json'],
    });
    return new Response(text, { status, headers });
  };
  const clientOf = (house: WalkHouse, key = 0) =>
    new OpenAI({
      ...{ apiKey: 'unused', baseURL: 'http://test/v1', maxRetries: 0 },
      fetch: (url, init) => call(house, key, new Request(String(url), init as RequestInit)),
    });
  const create = async (house: WalkHouse, content: Buffer, key = 0, filename = 'requests.jsonl') =>
    clientOf(house, key).files.create({ purpose: 'batch', file: await toFile(content, filename) });
  const refusal = async (house: WalkHouse, content: Buffer | string) => {
    const error = await create(house, Buffer.from(content)).then(
      () => null,
      (thrown: unknown) => thrown as InstanceType<typeof OpenAI.APIError>,
    );
    return error === null ? null : [error.status, error.code, error.param, error.message.replace(/^\d+ /, '')];
  };

  test('OpenAI’s SDK uploads, lists page by page, retrieves, reads and deletes', async () => {
    const house = await open();
    const client = clientOf(house);
    const content = jsonl(11_000);
    expect(content.length).toBeGreaterThan(FILE_BOUNDS.pieceBytes);
    const file = await create(house, content);
    expect(file).toEqual({
      ...{ id: expect.stringMatching(/^file-[0-9a-f]{32}$/), object: 'file', bytes: content.length, purpose: 'batch' },
      ...{ created_at: expect.any(Number), expires_at: file.created_at + 30 * DAY, filename: 'requests.jsonl' },
      ...{ status: 'processed', status_details: null },
    });
    const more = [await create(house, jsonl(1)), await create(house, jsonl(2))];
    const ids = [file, ...more].map(({ id }) => id);
    const listed: string[] = [];
    for await (const one of client.files.list({ limit: 2, order: 'asc' })) listed.push(one.id);
    expect(listed).toEqual(ids);
    expect((await client.files.list()).data.map(({ id }) => id)).toEqual([...ids].reverse());
    expect((await client.files.list({ purpose: 'fine-tune' })).data).toEqual([]);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect(Buffer.from(await (await client.files.content(file.id)).arrayBuffer()).equals(content)).toBe(true);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    for (const again of ['retrieve', 'content', 'delete'] as const)
      await expect(client.files[again](file.id)).rejects.toMatchObject({ status: 404, code: 'not_found' });
    expect((await given().db.select().from(filePieces)).map(({ fileId }) => fileId).sort()).toEqual(ids.slice(1).sort());
    expect(house.rows).toEqual([]);
  });

  test('an upload may ask for a shorter life, and its name has no folders and no control characters', async () => {
    const house = await open();
    const expires_after = { anchor: 'created_at', seconds: 3_600 } as const;
    const file = await clientOf(house).files.create({
      ...{ purpose: 'batch', expires_after },
      file: await toFile(jsonl(1), '../../etc/a\u202eb\n.jsonl'),
    });
    expect(file.expires_at).toBe(file.created_at + 3_600);
    expect(file.filename).toMatch(/^a[\w. -]*jsonl$/);
    for (const seconds of [3_599, 2_592_001])
      await expect(
        clientOf(house).files.create({
          ...{ purpose: 'batch', expires_after: { anchor: 'created_at', seconds } },
          file: await toFile(jsonl(1), 'a'),
        }),
      ).rejects.toMatchObject({ status: 400, param: 'expires_after[seconds]' });
  });

  test.each([
    ['nothing', '', 'The file is empty.'],
    ['plain text', 'hello', 'Line 1 cannot be read as one JSON object: the body is not valid JSON.'],
    ['a list', '[]', 'Line 1 cannot be read as one JSON object: the body must be a JSON object.'],
    ['a blank line', `${line(1)}\n\n${line(2)}`, 'Line 2 is empty.'],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0xff, 0x7d]),
      'Line 1 cannot be read as one JSON object: the body is not valid',
    ],
    ['a byte order mark', `\ufeff${line(1)}`, 'Line 1 begins with a byte order mark.'],
    ['no custom_id', line(1, { custom_id: undefined }), 'Line 1 needs a custom_id: a text of 1 to 512 characters.'],
    ['a long custom_id', line(1, { custom_id: 'x'.repeat(513) }), 'Line 1 needs a custom_id'],
    ['a custom_id twice', `${line(1)}\n${line(2)}\n${line(1)}`, 'Line 3 has a custom_id that an earlier line has too.'],
    ['another method', line(1, { method: 'GET' }), 'Line 1 needs "method": "POST".'],
    ['another url', line(1, { url: '/v1/files' }), 'Line 1 needs a url that batches support: /v1/chat/completions'],
    ['no model', line(1, { body: {} }), 'Line 1 needs a body with a model'],
    ['a long line', line(1, { body: { model: 'x'.repeat(4 * 1024 * 1024) } }), 'Line 1 is longer than 4194304 bytes'],
    ['too many lines', jsonl(50_001), 'The file has more than 50000 lines'],
  ])('a file with %s is refused, and nothing of it is left', async (_, content, message) => {
    const house = await open();
    const said = await refusal(house, content);
    expect(said).toEqual([400, 'invalid_request', 'file', expect.stringContaining(message)]);
    expect([await given().db.select().from(files), await given().db.select().from(filePieces)]).toEqual([[], []]);
  });

  test('lines that are only wrong for their endpoint are taken, with every way to end a line', async () => {
    const house = await open();
    const wrong = line(2, { body: { model: 'no such model', messages: 'none', temperature: 99 } });
    expect(await refusal(house, `${line(1)}\r\n${wrong}`)).toBeNull();
  });

  test('another purpose, another field, or no file is refused', async () => {
    const house = await open();
    const file = await toFile(jsonl(1), 'a.jsonl');
    await expect(clientOf(house).files.create({ purpose: 'fine-tune', file })).rejects.toMatchObject({
      ...{ status: 400, param: 'purpose' },
      message: '400 This gateway keeps files of the purpose "batch" only.',
    });
    const send = async (form: FormData) => {
      const said = await call(house, 0, new Request('http://test/v1/files', { method: 'POST', body: form }));
      return (await said.json()) as { error: object };
    };
    const form = new FormData();
    form.set('purpose', 'batch');
    expect((await send(form)).error).toMatchObject({
      param: 'file',
      message: 'The form must have one file, in the field `file`.',
    });
    form.set('file', new Blob([jsonl(1)]), 'a.jsonl');
    form.set('model', 'fast');
    expect((await send(form)).error).toMatchObject({ param: 'model', message: 'model is no field of a file.' });
    expect((await call(house, 0, new Request('http://test/v1/files', { method: 'PUT' }))).headers.get('allow')).toBe('GET, POST');
  });

  test('beyond what an organization may keep, the answer names the bound', async () => {
    store = openFiles(given().db, { bytesMax: 500, filesMax: 2 });
    const house = await open();
    expect(await refusal(house, jsonl(9))).toEqual([
      ...[413, 'request_too_large', 'file'],
      expect.stringContaining('This organization may have 500 bytes of files (HEADGATE_FILES_BYTES_MAX)'),
    ]);
    for (let at = 0; at < 2; at += 1) expect(await refusal(house, jsonl(1))).toBeNull();
    expect((await refusal(house, jsonl(1)))?.[3]).toContain('This organization may have 2 files');
  });

  test('an organization that turned batches off takes, lists and finds no file, and says why', async () => {
    const { id } = await create(await open(), jsonl(1));
    const house = await open(null);
    const client = clientOf(house);
    const off = 'This organization does not allow files and batches (batches is off).';
    expect((await refusal(house, jsonl(1)))?.[3]).toContain(off);
    await expect(client.files.list()).rejects.toMatchObject({ message: expect.stringContaining(off) });
    for (const ask of ['retrieve', 'content', 'delete'] as const)
      await expect(client.files[ask](id)).rejects.toMatchObject({ message: expect.stringContaining(off) });
    // Turned on again, all is there.
    expect((await clientOf(await open()).files.list()).data.map((one) => one.id)).toEqual([id]);
  });

  // promise: A file that the caller may not find,
  test.each(RESPONSES_SCOPES)(
    'three tenants find, list, read and delete only their own with the scope %s, and of all others the same answer as of none',
    async (scope) => {
      const tenants = await Promise.all(ORGANIZATIONS.map((id) => open(scope, id)));
      const made: { readonly id: string; readonly at: number; readonly key: number }[] = [];
      for (const [at, house] of tenants.entries())
        for (const key of TEAM_OF.keys()) made.push({ id: (await create(house, jsonl(1), key)).id, at, key });
      const none = [newFileId(systemClock.nowMs()), 'file-68a1f0c2d3e48190b7c6d5e4', "file-' or true", 'file-'];
      const leaks: string[] = [];
      let found = 0;
      for (const [at, house] of tenants.entries()) {
        for (const key of TEAM_OF.keys()) {
          const mayFind = (one: { readonly at: number; readonly key: number }) =>
            one.at === at &&
            (scope === 'organization' || (TEAM_OF[key] === TEAM_OF[one.key] && (scope === 'team' || key === one.key)));
          const client = clientOf(house, key);
          const expected = made.filter(mayFind).map(({ id }) => id);
          found += expected.length;
          const listed = (await client.files.list({ order: 'asc' })).data.map(({ id }) => id);
          expect(listed).toEqual(expected);
          for (const id of expected) expect((await client.files.retrieve(id)).id).toBe(id);
          for (const id of [...made.filter((one) => !mayFind(one)).map((one) => one.id), ...none]) {
            const path = `http://test/v1/files/${encodeURIComponent(id)}`;
            for (const [method, url] of [
              ['GET', path],
              ['GET', `${path}/content`],
              ['DELETE', path],
            ] as const) {
              const said = await call(house, key, new Request(url, { method }));
              const { error } = (await said.json()) as { error: { message: string; code: string; param: string | null } };
              const words = [said.status, error.code, error.message.replace(encodeURIComponent(id), '{id}')];
              if (JSON.stringify(words) !== JSON.stringify([404, 'not_found', 'No such File object: {id}.']))
                leaks.push(`${method} ${url}: ${JSON.stringify(words)}`);
            }
          }
        }
      }
      expect([leaks, found]).toEqual([[], { key: 9, team: 15, organization: 27 }[scope]]);
      // What others tried to delete is all there.
      expect((await given().db.select().from(files)).map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    },
    60_000,
  );
});
