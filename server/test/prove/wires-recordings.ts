/** Every recording of a chat dialect behind each surface: what its answer says, how its stream ends, and what its request loses. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type AnswerStream, type JsonObject, Untranslatable } from '../../src/dialects/dialect.ts';
import { exchangeOf } from '../exchanges.ts';
import { bytesOf, type Recording, recordings } from '../recordings.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { conformanceKit } from './replay.ts';
import {
  bodyFor,
  KINDS,
  type Kind,
  kindOf,
  MISNAMED,
  MODELS,
  SERVER_KINDS,
  type ServerKind,
  SURFACES,
  served,
  surfacesOf,
  WIRES,
} from './served-recordings.ts';

/** What ends an answer in each dialect. A stream that broke off must not hold it. */
const TERMINATORS = /^data: \[DONE\]|"type":"message_stop"|"type":"response\.(?:completed|incomplete)"|"finishReason": ?"[A-Z]/m;
const RECORDED = path.join(import.meta.dirname, '../recorded/cassettes');
/** A quick run cuts a stream at so many places, and at each of its last bytes; a full one at every byte. */
const QUICK_CUTS = { places: 40, lastBytes: 20 } as const;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const all = recordings.filter(
    (recording) => kindOf(recording) !== null && recording.status === 200 && recording.provenance !== 'quoted',
  );
  const ofKind = (kind: ServerKind | 'completions') => all.filter((recording) => kindOf(recording) === kind);
  return allOf([
    ...(await Promise.all(SERVER_KINDS.map((kind) => served(kind, SURFACES, ofKind(kind))))),
    await served('completions', ['completions'], ofKind('completions')),
    cutStreams(
      all.filter(({ stream }) => stream),
      quick,
    ),
    losses(),
    uncovered(),
  ]);
}

/** Reads each stream byte by byte, and breaks it off at every byte: the client gets an error and no end, and nothing throws. */
function cutStreams(streams: readonly Recording[], quick: boolean): ProveResult {
  const details: string[] = [];
  let cuts = 0;
  for (const recording of streams) {
    const bytes = bytesOf(recording);
    for (const surface of surfacesOf(recording)) {
      const open = () => exchangeOf(WIRES[surface], WIRES[kindOf(recording) as ServerKind], bodyFor(surface, true)).stream();
      const whole = read(open(), bytes, bytes.length);
      if (!read(open(), bytes, 1).equals(whole))
        details.push(`${recording.response} behind ${surface}: other bytes, read one by one`);
      for (const at of placesIn(bytes.length, quick)) {
        cuts += 1;
        const why = cutAt(open(), bytes.subarray(0, at));
        if (why !== null) details.push(`${recording.response} behind ${surface}, cut at ${at}: ${why}`);
      }
    }
  }
  const figure = `${streams.length} streams behind up to ${SURFACES.length} surfaces, byte by byte the same, and cut ${cuts} times: ${details.length} wrong`;
  return { holds: details.length === 0, figure, details: details.slice(0, 40) };
}

function read(stream: AnswerStream, bytes: Buffer, step: number): Buffer {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) out.push(stream.push(bytes.subarray(at, at + step)));
  return Buffer.concat([...out, stream.end({ clean: true })]);
}

function cutAt(stream: AnswerStream, part: Buffer): string | null {
  try {
    const said = Buffer.concat([stream.push(part), stream.end({ clean: false, message: 'the connection broke' })]).toString();
    const { complete, error } = stream.facts();
    if (complete) return null;
    if (error === null || !said.includes('error')) return 'no error';
    // A recording of several answers holds ends of its own.
    return TERMINATORS.test(said) && !TERMINATORS.test(part.toString()) ? 'an end that never came' : null;
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function placesIn(length: number, quick: boolean): Iterable<number> {
  if (!quick) return Array(length).keys();
  const step = Math.max(1, Math.floor(length / QUICK_CUTS.places));
  const places = new Set<number>();
  for (let at = 0; at < length; at += step) places.add(at);
  for (let at = Math.max(0, length - QUICK_CUTS.lastBytes); at < length; at += 1) places.add(at);
  return places;
}

/** Translates every recorded request towards each other wire, and lists by pair what it lost. */
export function losses(upstreams: readonly ServerKind[] = SERVER_KINDS): ProveResult {
  const log: string[] = [];
  let requests = 0;
  let untold = 0;
  for (const client of [...KINDS, 'completions'] as const) {
    const bodies = recordings
      .filter((recording) => kindOf(recording) === client && recording.request !== undefined)
      .map(({ request }) => path.join(RECORDED, request as string))
      .filter((file) => existsSync(file))
      .flatMap((file) => bodyIn(file));
    requests += bodies.length;
    for (const upstream of upstreams.filter((kind) => kind !== client)) {
      const lost = new Map<string, number>();
      let whole = 0;
      for (const body of bodies) {
        const names = lostOf(client, upstream, body);
        if (names === null) untold += 1;
        else if (names.length === 0) whole += 1;
        for (const name of names ?? []) lost.set(name, (lost.get(name) ?? 0) + 1);
      }
      const list = [...lost].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
      log.push(`${client} → ${upstream}: ${bodies.length} requests, ${whole} lose nothing; ${list.join(', ')}`);
    }
  }
  return {
    holds: untold === 0 && requests > 0,
    figure: `${requests} recorded requests towards the other wires: losses by pair below`,
    log,
  };
}

/** Returns what a request loses; a refused field is marked. Null: the translation broke in another way. */
function lostOf(client: Kind | 'completions', upstream: ServerKind, body: JsonObject): readonly string[] | null {
  try {
    return exchangeOf(WIRES[client], WIRES[upstream], body, { upstreamModel: MODELS[upstream] }).dropped;
  } catch (error) {
    if (error instanceof Untranslatable) return [`${error.param.replace(/\d+/g, 'n')} (refused)`];
    // A body that no wire is served, such as one without messages. Anything else is a defect.
    return error instanceof Error && error.constructor === Error ? ['not served at all'] : null;
  }
}

function bodyIn(file: string): JsonObject[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8')) as JsonObject];
  } catch {
    return [];
  }
}

/** Names the recordings of the kit that are not in the tree, so that a new one is not missed unseen. */
function uncovered(): ProveResult {
  const kit = conformanceKit();
  if (kit === null) return { holds: true, figure: 'the kit of recordings is not here' };
  const manifest = JSON.parse(readFileSync(path.join(kit, 'cassettes/manifest.json'), 'utf8')) as readonly Recording[];
  const known = new Set(recordings.map(({ response }) => response));
  // One chat completion is called a response there.
  const missing = manifest.filter(
    ({ kind, response, status }) =>
      kindOf({ kind }) !== null && status === 200 && !known.has(response) && !MISNAMED.test(response),
  );
  return {
    holds: missing.length === 0,
    figure: `${missing.length} answers of the kit are not in the tree`,
    details: missing.map(({ response }) => response),
  };
}
