import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { csvFile } from '../http/answer.ts';
import { Problem } from '../http/problem.ts';
import { type ExportBounds, Exports } from './exports.ts';

const PAGE = `${'x'.repeat(65_534)}\r\n`;
const PAGES = 2_000;
const PATIENT: ExportBounds = { unreadMsMax: 30_000, msMax: 30_000 };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

test('pages are read only as fast as the reader takes them, and all of them arrive', async () => {
  const { exports, made, response } = await begin(PATIENT);
  response.pause();
  await settled(() => made.pages);
  // So far only the pages that fit into the sockets of both sides were made.
  expect(made.pages).toBeLessThan(PAGES / 2);
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  expect({ bytes, complete: response.complete, ...made }).toEqual({
    bytes: PAGES * PAGE.length,
    complete: true,
    pages: PAGES,
    ended: 1,
  });
  await expectPlaces(exports, 2);
});

test('a reader that takes nothing for too long is cut off, and its place is free', async () => {
  const { exports, made, response } = await begin({ ...PATIENT, unreadMsMax: 200 });
  response.pause();
  await expect.poll(() => made.ended, { timeout: 10_000 }).toBe(1);
  response.resume();
  await new Promise((closed) => response.once('close', closed));
  expect(response.complete).toBe(false);
  await expectPlaces(exports, 2);
});

test('a reader that hangs up ends the reading', async () => {
  const { exports, made, response } = await begin(PATIENT);
  response.destroy();
  await expect.poll(() => made.ended, { timeout: 10_000 }).toBe(1);
  expect(made.pages).toBeLessThan(PAGES / 2);
  await expectPlaces(exports, 2);
});

test('an export that takes too long says so in a last line and is broken off', async () => {
  const { exports, made, response } = await begin({ ...PATIENT, msMax: 300 }, 50);
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((closed) => response.once('close', closed));
  const last = Buffer.concat(chunks).toString().trimEnd().split('\r\n').at(-1);
  expect(last).toMatch(/^This export is not complete\. .* \(req_1\)$/);
  expect({ complete: response.complete, ended: made.ended }).toEqual({ complete: false, ended: 1 });
  await expectPlaces(exports, 2);
});

test('what fails before its first page is thrown, and takes no place', async () => {
  const exports = new Exports(PATIENT);
  for (let count = 0; count < 3; count += 1) {
    const refused = exports.open(() => Promise.reject(new Problem(404, 'Nothing.')), describe);
    await expect(refused).rejects.toThrow('Nothing.');
  }
  await expectPlaces(exports, 2);
});

/** Starts a server that answers with one export of many pages, and a client that has received its head. */
async function begin(bounds: ExportBounds, pageMs = 0) {
  const exports = new Exports(bounds);
  const made = { pages: 0, ended: 0 };
  async function* pages() {
    try {
      for (; made.pages < PAGES; made.pages += 1) {
        if (pageMs > 0) await pause(pageMs);
        yield PAGE;
      }
    } finally {
      made.ended += 1;
    }
  }
  const server = createServer(async (_, response) => {
    const opened = await exports.open(async () => csvFile('pages.csv', pages()), describe);
    void opened.writeTo(response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, resolve).once('error', reject);
  });
  response.on('error', () => {});
  return { exports, made, response };
}

const describe = (error: unknown) => ({
  problem: error instanceof Problem ? error : new Problem(500, 'It failed.'),
  requestId: 'req_1',
});

/** Waits until a number no longer changes. */
async function settled(read: () => number): Promise<void> {
  for (let before = -1; before !== read(); await pause(300)) before = read();
}

async function expectPlaces(exports: Exports, free: number): Promise<void> {
  async function* one() {
    yield 'x\r\n';
  }
  const open = () => exports.open(async () => csvFile('one.csv', one()), describe);
  const probe = async () => {
    await expect
      .poll(() =>
        open().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  };
  for (let count = 0; count < free; count += 1) await probe();
  await expect(open()).rejects.toMatchObject({ status: 429 });
}
