// docs/tour.md against one real request, one refusal and one change: every file it names is there, and what it says is passed was passed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ts from 'typescript';
import { postBytes, sendRaw } from '../support/raw-http.ts';
import { type Ran, startWatched, type WatchedGateway } from './coverage.ts';
import { chat } from './data-plane.ts';
import { repository } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { startSmallProvider } from './small-provider.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const TOUR = 'docs/tour.md';
const SOURCES = 'server/src';
/** Rows reach the database about every 100 ms; a busy machine takes longer. */
const STORED_MS_MAX = 500;

/** A part of the tour, and the room its short names stand in. */
interface Part {
  readonly heading: string;
  readonly room: string;
}
const request: Part = { heading: 'One request, file by file', room: 'proxy' };
const change: Part = { heading: 'One change, file by file', room: 'admin' };

export async function run(): Promise<ProveResult> {
  const named = namesIn(readFileSync(path.join(repository, TOUR), 'utf8'));
  const absent = named.filter((name) => placesOf(name, null).every((file) => !existsSync(path.join(repository, file))));
  const { started, asked, warm, refused, changed } = await walks();
  const onTheWay = [...passing(request, [asked, refused]), ...passing(change, [changed])];
  const others = onTheWay.filter(({ isPassed }) => !isPassed).map(({ file }) => file);
  const missing = others.filter((file) => !started.has(file));
  const atStart = others.filter((file) => started.has(file)).map((file) => file.replace(`${SOURCES}/`, ''));
  const counts = `${onTheWay.length - others.length} of ${onTheWay.length} are passed by one request, one refusal or one change`;
  return {
    holds: absent.length === 0 && missing.length === 0,
    figure: `${TOUR} names ${named.length} files, ${absent.length} not there; ${counts}, ${atStart.join(', ') || 'none'} only at the start, ${missing.length} never; a warm request runs code of ${warm.length} files`,
    details: [...absent.map((name) => `not there: ${name}`), ...missing.map((file) => `not passed: ${file}`)],
    log: [
      ...logOf('one request', request, asked),
      ...logOf('one change', change, changed),
      'what a warm request runs:',
      ...warm.map((file) => `  ${file}`),
    ],
  };
}

/** The first call of a new key, its second (less what runs without any), a call of what it may not call, and a change of a limit, with what ran for each. */
async function walks(): Promise<{ started: Ran; asked: Ran; warm: readonly string[]; refused: Ran; changed: Ran }> {
  const provider = await startSmallProvider();
  const gateway = await startWatched();
  try {
    const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
    await makeModel(gateway, { model: 'fast', provider: 'openai', upstreamModel: 'fast', credentialId });
    const tenant = await makeTenant(gateway, { rate_limits: { rpm: 600 } });
    const key = await makeKey(gateway, tenant);
    // On a connection of its own, as an application has: one that was used for anything else is no longer in the fast lane.
    const body = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello!' }] });
    const asked = await during(gateway, () => sendRaw(gateway.port, postBytes('/v1/chat/completions', key.secret, body)));
    const idle = await during(gateway, async () => {});
    const again = await during(gateway, () => sendRaw(gateway.port, postBytes('/v1/chat/completions', key.secret, body)));
    const warm = [...again.keys()].filter((file) => !idle.has(file)).toSorted();
    const refused = await during(gateway, () => chat(gateway, key.secret, 'nowhere'));
    const at = `/organizations/${tenant.organizationId}`;
    const changed = await during(gateway, () => gateway.admin('PATCH', at, { rate_limits: { rpm: 30, rpd: 1_000 } }));
    // A counter that a change adds asks the ledger when it is first needed.
    const after = await during(gateway, () => chat(gateway, key.secret, 'fast'));
    return { started: gateway.started, asked, warm, refused, changed: joined(changed, after) };
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

async function during(gateway: WatchedGateway, act: () => Promise<unknown>): Promise<Ran> {
  await sleep(STORED_MS_MAX);
  await gateway.look();
  await act();
  await sleep(STORED_MS_MAX);
  return gateway.look();
}

function joined(one: Ran, other: Ran): Ran {
  const files = new Set([...one.keys(), ...other.keys()]);
  return new Map([...files].map((file) => [file, [...new Set([...(one.get(file) ?? []), ...(other.get(file) ?? [])])]]));
}

/** The `.ts` files that a text names in backticks, in its order, each once. */
function namesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, name]) => name as string))];
}

const ROOMS = readdirSync(path.join(repository, SOURCES), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Where a named file may stand: below the sources, in a room where the tour says only its last name, or in the console. */
function placesOf(name: string, room: string | null): string[] {
  const rooms = room === null ? ROOMS : [room, ...ROOMS];
  return [...[name, ...rooms.map((one) => `${one}/${name}`)].map((file) => `${SOURCES}/${file}`), name, `console/src/${name}`];
}

function filesOf({ heading, room }: Part): string[] {
  const text = readFileSync(path.join(repository, TOUR), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return namesIn(section).flatMap((name) => placesOf(name, room).find((file) => existsSync(path.join(repository, file))) ?? []);
}

function passing(part: Part, runs: readonly Ran[]): { file: string; isPassed: boolean }[] {
  const files = filesOf(part).filter(hasFunctions);
  return files.map((file) => ({ file, isPassed: runs.some((ran) => ran.has(file)) }));
}

/** A file of types alone has nothing that could run. */
function hasFunctions(file: string): boolean {
  const source = ts.createSourceFile(file, readFileSync(path.join(repository, file), 'utf8'), ts.ScriptTarget.Latest);
  const holdsOne = (node: ts.Node): true | undefined =>
    ts.isFunctionLike(node) && 'body' in node && node.body !== undefined ? true : ts.forEachChild(node, holdsOne);
  return holdsOne(source) === true;
}

function logOf(title: string, part: Part, ran: Ran): string[] {
  const lines = filesOf(part).map((file) => {
    const names = (ran.get(file) ?? []).filter((name) => name !== '');
    return `  ${file.replace(`${SOURCES}/`, '')}: ${names.join(' · ') || (hasFunctions(file) ? 'not on this way' : 'types only')}`;
  });
  return [`what ran for ${title}, in the order of ${TOUR}:`, ...lines];
}
