/**
 * The check of a file of purpose `batch` while it arrives: JSON lines, each a request as batches take it. A line that is only wrong
 * for its endpoint is judged when the batch runs.
 */
import { hash } from 'node:crypto';
import type { JsonObject } from '../../dialects/dialect.ts';
import { readBody } from '../../dialects/exchange.ts';
import { isObject } from '../../dialects/json.ts';
import { FILE_BOUNDS, FILE_URLS } from '../../domain/tenancy/files.ts';
import { type Line, LineCutter } from '../../lib/lines-of.ts';
import { invalidRequest, Refusal } from '../refusal.ts';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Throws a refusal that names the line. */
export class FileCheck {
  readonly #cutter = new LineCutter(FILE_BOUNDS.lineBytes);
  /** 53 bits of the hash of each `custom_id`: all of 50,000 ids would take many megabytes. Two of them meet once in 10 million files. */
  readonly #seen = new Set<number>();
  #bytes = 0;
  #lines = 0;

  /** Checks the lines that end in this piece. */
  push(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > FILE_BOUNDS.bytes)
      throw new Refusal('request_too_large', `The file is larger than ${FILE_BOUNDS.bytes} bytes, the most allowed. Split it.`, {
        param: 'file',
      });
    for (const line of this.#cutter.push(piece)) this.#check(line);
  }

  /** Checks the last line. Returns the number of lines. */
  end(): number {
    for (const line of this.#cutter.end()) this.#check(line);
    if (this.#lines === 0) throw badFile('The file is empty. It needs one request as JSON on each line.');
    return this.#lines;
  }

  #check({ number, bytes }: Line): void {
    if (number > FILE_BOUNDS.lines)
      throw badFile(`The file has more than ${FILE_BOUNDS.lines} lines, the most allowed. Split it.`);
    this.#lines = number;
    if (bytes === null) throw badLine(number, `is longer than ${FILE_BOUNDS.lineBytes} bytes, the most allowed`);
    if (bytes.length === 0) throw badLine(number, 'is empty. Remove it');
    if (number === 1 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK))
      throw badLine(number, 'begins with a byte order mark. Save the file as UTF-8 without one');
    const reading = readBody(bytes);
    if (!reading.ok) throw badLine(number, `cannot be read as one JSON object: ${reading.problem.message}`);
    const why = wrongIn(reading.body);
    if (why !== null) throw badLine(number, why);
    const name = nameOf(reading.body.custom_id as string);
    if (this.#seen.has(name))
      throw badLine(number, 'has a custom_id that an earlier line has too. Each must be unique in a file');
    this.#seen.add(name);
  }
}

/** Returns why a line is no request of a batch; null if it is one. */
function wrongIn({ custom_id: customId, method, url, body }: JsonObject): string | null {
  if (typeof customId !== 'string' || customId === '' || customId.length > FILE_BOUNDS.customIdChars)
    return `needs a custom_id: a text of 1 to ${FILE_BOUNDS.customIdChars} characters`;
  if (method !== 'POST') return 'needs "method": "POST"';
  if (!FILE_URLS.some((one) => one === url)) return `needs a url that batches support: ${FILE_URLS.join(', ')}`;
  if (!isObject(body) || typeof body.model !== 'string' || body.model === '') return 'needs a body with a model, which is a text';
  return null;
}

function nameOf(customId: string): number {
  const digest = hash('sha256', customId, 'buffer');
  return digest.readUIntBE(0, 6) * 32 + ((digest[6] as number) & 31);
}

function badLine(number: number, what: string): Refusal {
  return badFile(`Line ${number} ${what}.`);
}

function badFile(message: string): Refusal {
  return invalidRequest(message, 'file');
}
