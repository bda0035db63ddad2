import type { Dialect } from '../../api/dialects/dialect.ts';
import type { HeaderList, PlaygroundHead, WireRequest } from '../../api/playground.ts';

/** Writes requests and answers as text: the first line, the headers, an empty line and the body. */

/** Returns a request as text, with its body spread over lines. */
export function requestText({ method, path, headers, body }: WireRequest): string {
  return `${method} ${path}\n${headerLines(headers)}\n\n${JSON.stringify(body, null, 2)}`;
}

/** Returns a request as a command of a shell that has the key's secret in `HEADGATE_KEY`. */
export function curlOf({ path, headers, body }: WireRequest, { secretHeader }: Dialect, baseUrl: string): string {
  const [name, value] = secretHeader('$HEADGATE_KEY');
  const others = headers.map((header) => `  -H ${quoted(header.join(': '))} \\\n`).join('');
  return `curl ${quoted(baseUrl + path)} \\\n  -H "${name}: ${value}" \\\n${others}  -d ${quoted(JSON.stringify(body, null, 2))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
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
