import { type FileHead, FormReader, type FormTaker, FormTexts } from '../../dialects/exchange.ts';
import type { ArrivingBody, BodyRoom, HeadVerdict } from '../../lib/buffered-bytes.ts';
import type { NoRoom, Spool, SpoolRoom } from '../../lib/spool/spool.ts';
import type { SpoolFile } from '../../lib/spool/spool-file.ts';
import type { FormFile, SpooledForm } from '../../lib/spool/spooled-form.ts';
import { Refusal, serviceUnavailable } from '../refusal.ts';
import { asFormRefusal } from './form-of.ts';

/** A large form that arrives. */
interface Arriving {
  readonly contentType: string;
  /** The declared length of the body; null if there is none. */
  readonly declaredBytes: number | null;
  readonly bytesMax: number;
  readonly path: string;
  readonly spool: Spool;
  /** Those whose share of the disk it takes: a key, an address. */
  readonly holders: readonly string[];
  /** The memory for its texts. */
  readonly memory: BodyRoom;
  /** Answers the request. */
  readonly refuse: (why: unknown) => void;
}

/** The disk that a form without a declared length takes at a time. */
const STEP_BYTES = 4 * 1024 * 1024;

/** Returns the verdict for a large form. Throws BadField if its content type is not a form's, and a refusal if it is too large. */
export function formVerdict(arriving: Arriving): HeadVerdict {
  const { declaredBytes, bytesMax, path } = arriving;
  if (declaredBytes !== null && declaredBytes > bytesMax) throw formTooLarge(bytesMax, path);
  const form = new ArrivingForm(arriving);
  return { is: 'form', room: { free: () => form.close() }, read: (body, done) => void form.read(body, done) };
}

/** Reads a form as it arrives: its texts into memory, its files into the spool. The client waits whenever the disk is behind. */
class ArrivingForm extends FormTexts implements FormTaker, SpooledForm {
  readonly files: FormFile[] = [];
  length = 0;
  readonly #arriving: Arriving;
  readonly #reader: FormReader;
  readonly #room: SpoolRoom;
  #file: SpoolFile | null = null;
  #head: FileHead | null = null;
  #roomBytes = 0;
  #isTaking = false;
  #isOver = false;

  constructor(arriving: Arriving) {
    super();
    this.#arriving = arriving;
    this.#reader = new FormReader(arriving.contentType, this);
    this.#room = arriving.spool.roomFor(arriving.holders);
  }

  /** Reads the body. Calls `done` unless the request was answered or its client hung up. Never rejects. */
  async read(body: ArrivingBody, done: (form: SpooledForm) => void): Promise<void> {
    try {
      await this.#takeRoom(this.#arriving.declaredBytes ?? STEP_BYTES);
      const file = await this.#arriving.spool.create();
      if (this.#isOver) return file.close();
      this.#file = file;
      file.onDrained = () => {
        if (file.failure !== null) this.#refuse(body, file.failure);
        else if (!this.#isTaking) body.resume();
      };
      body.begin({
        data: (chunk) => this.#guarded(body, () => this.#take(chunk, body, file)),
        end: () => void this.#guarded(body, () => this.#end(body, file, done)),
      });
    } catch (error) {
      this.#refuse(body, error);
    }
  }

  override field(name: string, text: string): void {
    if (!this.#arriving.memory.take(Buffer.byteLength(text)))
      throw serviceUnavailable('The gateway has no memory for the texts of this form. Try again in a moment.');
    super.field(name, text);
  }

  fileBegins(head: FileHead): void {
    this.#head = head;
  }

  fileBytes(bytes: Buffer): void {
    this.#file?.add(bytes);
    this.#room.wrote(bytes.length);
  }

  fileEnds(): void {
    const { name: field, filename, contentType } = this.#head as FileHead;
    this.files.push({ field, filename, contentType, bytes: (this.#file as SpoolFile).endPart() });
  }

  close(): void {
    this.#isOver = true;
    this.#file?.close();
    this.#room.free();
    this.#arriving.memory.free();
  }

  /** Reads a chunk. Returns false if the client must wait. */
  #take(chunk: Buffer, body: ArrivingBody, file: SpoolFile): boolean {
    const { bytesMax, path } = this.#arriving;
    this.length += chunk.length;
    if (this.length > bytesMax) throw formTooLarge(bytesMax, path);
    this.#reader.push(chunk);
    if (this.length > this.#roomBytes) void this.#takeMore(body, file);
    return !file.isBehind && !this.#isTaking;
  }

  #end(body: ArrivingBody, file: SpoolFile, done: (form: SpooledForm) => void): boolean {
    this.#reader.end();
    body.stop();
    file.onDrained = () => {};
    file.written().then(
      () => {
        if (!this.#isOver) done(this);
      },
      (error: unknown) => this.#refuse(body, error),
    );
    return true;
  }

  /** Takes more room for a form whose length is not declared. Until there is some, the client waits. */
  async #takeMore(body: ArrivingBody, file: SpoolFile): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      await this.#takeRoom(STEP_BYTES);
      this.#isTaking = false;
      if (!this.#isOver && !file.isBehind) body.resume();
    } catch (error) {
      this.#refuse(body, error);
    }
  }

  async #takeRoom(bytes: number): Promise<void> {
    const why = await this.#room.take(bytes);
    if (why !== null) throw noRoom(why);
    this.#roomBytes += bytes;
  }

  #guarded(body: ArrivingBody, work: () => boolean): boolean {
    if (this.#isOver) return true;
    try {
      return work();
    } catch (error) {
      this.#refuse(body, error);
      return true;
    }
  }

  #refuse(body: ArrivingBody, error: unknown): void {
    if (this.#isOver) return;
    this.close();
    body.stop();
    const isDiskFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
    this.#arriving.refuse(isDiskFull ? noRoom('disk_full') : asFormRefusal(error));
  }
}

const NO_ROOM: Readonly<Record<NoRoom, string>> = {
  spool_full:
    'The gateway has no room on its disk for this form, because too many large forms are arriving at once from you or from everyone. Try again in a moment.',
  disk_full: 'The gateway has no room on its disk for this form, because the disk is nearly full. Try again later.',
};

function noRoom(why: NoRoom): Refusal {
  return serviceUnavailable(NO_ROOM[why]);
}

function formTooLarge(bytesMax: number, path: string): Refusal {
  return new Refusal('request_too_large', `A form at ${path} may have at most ${bytesMax} bytes. Send smaller files.`);
}
