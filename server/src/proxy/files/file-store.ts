/**
 * The store of files, as request handling and batches use it.
 *
 * Use. To write: `begin` a file, `write` any bytes in order, then `finish` it with its number of lines, or `abandon` it. Nobody finds
 * a file before it is finished. To read: `find` it, ask `findsFile(caller, file)` (domain/tenancy/files.ts) if a caller named the id,
 * then iterate over `read(organization, file)`; `linesOf` (lib/lines-of.ts) cuts that into lines. Memory is bounded: a writer keeps at
 * most one piece of 1 MB, and a reader one.
 *
 * Approach. The content is cut into pieces of 1 MB. Each is sealed by itself under the organization's content key, for the file's id
 * and its number. So no piece opens as another one, or in another file.
 *
 * Failure. Each method throws StoreUnavailable if the database cannot be reached. A writer that is left alone is swept after
 * `UPLOAD_IDLE_MS`. A reader of a file that is deleted meanwhile throws FileGone.
 */
import { FILE_BOUNDS, type FilePlace, type FilePurpose } from '../../domain/tenancy/files.ts';
import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { fewAtOnce } from '../../lib/few-at-once.ts';
import { isId, newId } from '../../lib/id.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { Database } from '../../store/database.ts';
import { StoreUnavailable } from '../../store/errors.ts';
import { dropPieces } from '../../store/files/ended-files.ts';
import * as rows from '../../store/files/files.ts';

/** A file that is ready. */
export type StoredFile = rows.FileRow;

/** A file to begin. */
export interface NewFile {
  /** The place at which it is made, as `placeOf(caller)` returns it. */
  readonly place: FilePlace;
  readonly purpose: FilePurpose;
  /** At most 255 characters, without control characters. */
  readonly filename: string;
  readonly expiresAt: Date;
}

/** The content of a file as it is written. Calls come one after the other: await each. */
export interface FileWriter {
  readonly id: string;
  /** Adds bytes at the end. Throws FileGone, or NoRoomForFile. */
  write(bytes: Uint8Array): Promise<void>;
  /** Stores the rest, and makes the file visible. Throws as `write`. */
  finish(lines: number): Promise<StoredFile>;
  /** Deletes what was written. Never throws: the job deletes what cannot be deleted now. */
  abandon(): Promise<void>;
}

/** A question about an organization's files. `teamId` and `keyId` as `filesFilter(caller)` returns them. */
export type FilesQuestion = rows.FilesQuestion;

export interface FileStore {
  /** The time after which a file ends, unless its upload asks for less. */
  readonly keptMs: number;
  /** Begins a file. Throws NoRoomForFile if the organization has too many. */
  begin(organization: OrganizationConfig, file: NewFile): Promise<FileWriter>;
  /** Finds a file of any team of the organization. Returns null for any id that is none. */
  find(organizationId: string, id: string): Promise<StoredFile | null>;
  list(question: FilesQuestion): Promise<readonly StoredFile[]>;
  /** Yields the content in order, about 1 MB at a time. Reads one piece when it is asked for. */
  read(organization: OrganizationConfig, file: StoredFile): AsyncIterable<Buffer>;
  /** Hides a file at once, and deletes its content. Returns false if there was none. */
  remove(organizationId: string, id: string): Promise<boolean>;
}

/** The file was deleted while it was written or read, or its upload took too long. */
export class FileGone extends Error {
  constructor() {
    super('the file was deleted meanwhile');
    this.name = 'FileGone';
  }
}

/** The organization has as many files, or as many bytes of files, as it may have. */
export class NoRoomForFile extends Error {
  readonly what: 'files' | 'bytes';
  readonly max: number;
  constructor(what: 'files' | 'bytes', max: number) {
    super(`the organization has ${max} ${what} of files, the most that are kept`);
    this.name = 'NoRoomForFile';
    this.what = what;
    this.max = max;
  }
}

/** The content key of the organization was destroyed, so nothing can be stored or read. */
export class NoContentKey extends Error {
  constructor() {
    super('the content key of an organization with files is gone');
    this.name = 'NoContentKey';
  }
}

export interface FileStoreOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly seal: (organization: OrganizationConfig, name: string, content: Uint8Array) => Buffer | null;
  readonly open: (organization: OrganizationConfig, name: string, sealed: Uint8Array) => Buffer | null;
  /** The most files of one organization, and the most bytes of them. */
  readonly filesMax: number;
  readonly bytesMax: number;
  /** The time after which a file ends, unless its upload asks for less. */
  readonly keptMs: number;
}

/** The longest time between two pieces of an upload. */
export const UPLOAD_IDLE_MS = 15 * 60_000;
/** Pieces that one statement deletes. */
const PIECES_AT_ONCE = 16;
/** Pieces that are written or read at a time. Others need connections to the database too. */
const MOVING_MAX = 4;
const WAITING_MAX = 1_000;

/** The options, and what all files of a process share. */
interface Site extends FileStoreOptions {
  readonly few: <T>(move: () => Promise<T>) => Promise<T>;
}

export function createFileStore(options: FileStoreOptions): FileStore {
  const tooMany = () => new StoreUnavailable('too many pieces of files wait', '53000');
  const site: Site = { ...options, few: fewAtOnce({ atOnce: MOVING_MAX, waitingMax: WAITING_MAX, tooMany }) };
  const { db, clock, open, few } = site;
  const now = () => new Date(clock.nowMs());
  return {
    keptMs: options.keptMs,
    begin: (organization, file) => begin(site, organization, file),
    find: async (organizationId, id) => (isFileId(id) ? rows.find(db, { organizationId, id }, now()) : null),
    list: (question) => rows.list(db, question, now()),
    read: async function* (organization, file) {
      for (let number = 0; number < file.pieces; number += 1) {
        const sealed = await few(() => rows.sealedPiece(db, file, number));
        if (sealed === null) throw new FileGone();
        const content = open(organization, pieceName(file.id, number), sealed);
        if (content === null) throw new NoContentKey();
        yield content;
      }
    },
    remove: async (organizationId, id) => isFileId(id) && (await remove(db, { organizationId, id })),
  };
}

/** Returns a new id of a file: `file-` as OpenAI's clients expect it, and then as all ids of ours. */
export function newFileId(nowMs: number): string {
  return newId('file', nowMs).replace('_', '-');
}

/** Reports whether a text has the form of an id of a file of ours. */
export function isFileId(text: string): boolean {
  return text.startsWith('file-') && isId('file', text.replace('-', '_'));
}

async function begin(site: Site, organization: OrganizationConfig, file: NewFile): Promise<FileWriter> {
  const { db, clock, filesMax, bytesMax } = site;
  const use = await rows.useOf(db, organization.id);
  if (use.files >= filesMax) throw new NoRoomForFile('files', filesMax);
  if (use.bytes >= bytesMax) throw new NoRoomForFile('bytes', bytesMax);
  const nowMs = clock.nowMs();
  const id = newFileId(nowMs);
  const { place, purpose, filename, expiresAt } = file;
  const { teamId, keyId } = place;
  const uploadingUntil = new Date(nowMs + UPLOAD_IDLE_MS);
  const row = { organizationId: organization.id, id, teamId, keyId, purpose, filename };
  await rows.begin(db, { ...row, createdAt: new Date(nowMs), expiresAt, uploadingUntil });
  return new PieceWriter(site, organization, id);
}

/** Collects bytes until they are a piece, and stores it. */
class PieceWriter implements FileWriter {
  readonly id: string;
  readonly #site: Site;
  readonly #organization: OrganizationConfig;
  #piece = Buffer.allocUnsafe(0);
  #length = 0;
  #number = 0;

  constructor(site: Site, organization: OrganizationConfig, id: string) {
    this.id = id;
    this.#site = site;
    this.#organization = organization;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + FILE_BOUNDS.pieceBytes - this.#length);
      this.#add(part);
      from += part.length;
      if (this.#length === FILE_BOUNDS.pieceBytes) await this.#store();
    }
  }

  async finish(lines: number): Promise<StoredFile> {
    if (this.#length > 0) await this.#store();
    const row = await rows.finish(this.#site.db, this.#address(), lines);
    if (row === null) throw new FileGone();
    return row;
  }

  async abandon(): Promise<void> {
    await remove(this.#site.db, this.#address()).catch(() => undefined);
  }

  /** Copies bytes into the piece. A small file needs no room for a whole one. */
  #add(part: Uint8Array): void {
    const needed = this.#length + part.length;
    if (needed > this.#piece.length) {
      const grown = Buffer.allocUnsafe(Math.min(Math.max(needed, 2 * this.#piece.length), FILE_BOUNDS.pieceBytes));
      this.#piece.copy(grown, 0, 0, this.#length);
      this.#piece = grown;
    }
    this.#piece.set(part, this.#length);
    this.#length = needed;
  }

  async #store(): Promise<void> {
    const { db, clock, seal, bytesMax, few } = this.#site;
    const [number, bytes] = [this.#number, this.#length];
    const sealed = seal(this.#organization, pieceName(this.id, number), this.#piece.subarray(0, bytes));
    if (sealed === null) throw new NoContentKey();
    const uploadingUntil = new Date(clock.nowMs() + UPLOAD_IDLE_MS);
    const piece = { number, sealed, bytes, uploadingUntil, organizationBytesMax: bytesMax };
    const outcome = await few(() => rows.addPiece(db, this.#address(), piece));
    if (outcome === 'no_room') throw new NoRoomForFile('bytes', bytesMax);
    if (outcome === 'gone') throw new FileGone();
    this.#number += 1;
    this.#length = 0;
  }

  #address(): rows.FileAddress {
    return { organizationId: this.#organization.id, id: this.id };
  }
}

/** Hides a file and deletes its content, some pieces at a time. */
async function remove(db: Database, address: rows.FileAddress): Promise<boolean> {
  if (!(await rows.remove(db, address))) return false;
  while (!(await dropPieces(db, address, PIECES_AT_ONCE)));
  return true;
}

/** Returns the name that a piece is sealed for. */
function pieceName(id: string, number: number): string {
  return `${id}:${number}`;
}
