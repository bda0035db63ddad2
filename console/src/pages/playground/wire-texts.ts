import type { JsonObject } from '../../api/dialects/dialect.ts';
import type { HeaderList, PlaygroundHead, WireRequest } from '../../api/playground.ts';

/** Writes requests and answers as text: the first line, the headers, an empty line and the body. */

/** Returns a request as text, with its body spread over lines. Files are named. */
export function requestText({ method, path, headers, body, files }: WireRequest): string {
  const text = files === undefined ? JSON.stringify(body, null, 2) : formText(body, files);
  return `${method} ${path}\n${headerLines(headers)}\n\n${text}`;
}

function formText(body: JsonObject, files: NonNullable<WireRequest['files']>): string {
  const fields = formFields(body).map(([name, value]) => `${name}: ${value}`);
  return [...fields, ...files.map(({ field, name, type, bytes }) => `${field}: ${name} (${type}, ${bytes} bytes)`)].join('\n');
}

/** Returns the fields of a form. A list is a field for each of its entries. */
export function formFields(body: JsonObject): readonly (readonly [name: string, value: string])[] {
  return Object.entries(body).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, typeof one === 'string' ? one : JSON.stringify(one)] as const),
  );
}

/** Returns an answer as text. A whole body is spread over lines; a stream is as it came. */
export function answerText({ status, headers }: PlaygroundHead, received: string): string {
  return `HTTP ${status}\n${headerLines(headers)}\n\n${spread(received)}`;
}

function headerLines(headers: HeaderList): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join('\n');
}

function spread(received: string): string {
  try {
    return JSON.stringify(JSON.parse(received), null, 2);
  } catch {
    return received;
  }
}
