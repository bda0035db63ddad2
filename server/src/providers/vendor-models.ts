import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { parseModelName } from '../domain/tenancy/names.ts';
import { listParts, NotAList } from '../lib/json/list-items.ts';
import type { Clock } from '../lib/timing/clock.ts';
import { collectAnswer } from './collect-answer.ts';
import type { Provider, VendorModels } from './provider.ts';

/** The bounds of a vendor's list over all of its pages. */
const LIST_BYTES_MAX = 16 * 1024 * 1024;
const LIST_MS_MAX = 10_000;
const PAGES_MAX = 100;
const ENTRIES_MAX = 200_000;
const ENTRY_BYTES_MAX = 256 * 1024;
const CURSOR_BYTES_MAX = 2_048;
/** The time for which entries are read before the event loop gets a turn. */
const TURN_MS = 5;

/** The names that vendors give to their lists. */
const LISTS: ReadonlySet<string> = new Set(['data', 'models', 'publisherModels', 'modelSummaries']);
const CURSORS: ReadonlySet<string> = new Set(['nextPageToken', 'next_page_token', 'has_more', 'last_id']);

const NO_LIST = 'this vendor has no list of models that this credential can read';
const NOT_A_LIST = 'the provider answered without a list of models';

/** Reads a vendor's whole list of models, over the network and with the real credential. Costs nothing; never throws. */
export async function readVendorModels(
  provider: Provider | undefined,
  credential: CredentialConfig,
  clock: Clock,
): Promise<VendorModels> {
  const open = provider?.openModels;
  if (provider === undefined || open === undefined) return { ok: false, status: null, message: NO_LIST, isUnasked: true };
  const endMs = clock.monotonicMs() + LIST_MS_MAX;
  const read: Entries = { names: new Set(), entries: 0, unusable: 0, isCut: false };
  let bytes = 0;
  let cursor: string | null = null;
  const seen = new Set<string>();
  do {
    const at: string | null = cursor;
    const ms = Math.max(1, endMs - clock.monotonicMs());
    const answer = await collectAnswer((sink) => open(credential, sink, at), { bytesMax: LIST_BYTES_MAX - bytes, ms });
    if (answer.is === 'failure') return { ok: false, status: null, message: answer.failure.message };
    if (answer.status < 200 || answer.status >= 300) {
      const { status, message } = provider.readError(answer.status, answer.headers, answer.body, credential);
      return { ok: false, status, message };
    }
    bytes += answer.body.length;
    const page = await readPage(answer.body, read, { clock, endMs });
    if (page.is === 'unreadable') return { ok: false, status: answer.status, message: NOT_A_LIST };
    cursor = provider.pagesModels === true ? page.cursor : null;
    // A list that goes on is read as far as the bounds allow. A cursor that comes again would never end.
    if (cursor !== null && (seen.has(cursor) || seen.size >= PAGES_MAX - 1)) read.isCut = true;
    else if (cursor !== null) seen.add(cursor);
  } while (cursor !== null && !read.isCut);
  return { ok: true, models: [...read.names], unusable: read.unusable, isCut: read.isCut };
}

interface Entries {
  readonly names: Set<string>;
  entries: number;
  unusable: number;
  isCut: boolean;
}

type Page = { readonly is: 'page'; readonly cursor: string | null } | { readonly is: 'unreadable' };

/** Adds the entries of a page. Yields to the event loop every few milliseconds. */
async function readPage(
  body: Buffer,
  read: Entries,
  { clock, endMs }: { readonly clock: Clock; readonly endMs: number },
): Promise<Page> {
  const cursors = new Map<string, unknown>();
  let hasList = false;
  let turnEndMs = clock.monotonicMs() + TURN_MS;
  try {
    for (const part of listParts(body, { lists: LISTS, itemBytesMax: ENTRY_BYTES_MAX })) {
      if (clock.monotonicMs() > turnEndMs) {
        await nextTurn();
        turnEndMs = clock.monotonicMs() + TURN_MS;
      }
      if (part.is === 'list') hasList = true;
      if (part.is === 'field' && CURSORS.has(part.name) && part.json.length <= CURSOR_BYTES_MAX)
        cursors.set(part.name, JSON.parse(part.json.toString()));
      if (part.is !== 'item') continue;
      read.isCut ||= read.entries >= ENTRIES_MAX || clock.monotonicMs() > endMs;
      if (read.isCut) break;
      read.entries += 1;
      addEntry(read, JSON.parse(part.json.toString()));
    }
  } catch (error) {
    if (error instanceof NotAList || error instanceof SyntaxError) return { is: 'unreadable' };
    throw error;
  }
  return hasList ? { is: 'page', cursor: cursorOf(cursors) } : { is: 'unreadable' };
}

/** Adds the name of an entry if a deployment could have it. */
function addEntry(read: Entries, entry: unknown): void {
  const name = nameOf(entry);
  if (typeof name === 'string' && parseModelName(name).is === 'valid') read.names.add(name);
  else read.unusable += 1;
}

/** Returns the name of an entry. Google's have their collection before them, and Amazon has a field of its own. */
function nameOf(entry: unknown): unknown {
  const { id, modelId, name } = (entry ?? {}) as { id?: unknown; modelId?: unknown; name?: unknown };
  return id ?? modelId ?? (typeof name === 'string' ? name.replace(/^(?:publishers\/google\/)?models\//, '') : undefined);
}

/** Returns the cursor of the next page, in the form of Google, Cohere or Anthropic. */
function cursorOf(cursors: ReadonlyMap<string, unknown>): string | null {
  const given =
    cursors.get('nextPageToken') ??
    cursors.get('next_page_token') ??
    (cursors.get('has_more') === true ? cursors.get('last_id') : null);
  return typeof given === 'string' && given !== '' ? given : null;
}
