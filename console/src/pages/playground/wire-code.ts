import type { Dialect } from '../../api/dialects/dialect.ts';
import type { WireRequest } from '../../api/playground.ts';
import { formFields } from './wire-texts.ts';

/** Writes a request as code that sends it. The key's secret is read from the environment variable `HEADGATE_KEY`. */

export interface CodeOf {
  readonly request: WireRequest;
  readonly secretHeader: Dialect['secretHeader'];
  readonly baseUrl: string;
  /** True if the answer is a file, which the code keeps. */
  readonly isFile: boolean;
}

/** The languages, by the name that people know. */
export const LANGUAGES: readonly { readonly name: string; readonly text: (of: CodeOf) => string }[] = [
  { name: 'curl', text: curl },
  { name: 'Python', text: python },
  { name: 'Node.js', text: node },
];

const FILE = 'answer.bin';

function curl({ request: { path, headers, body, files }, secretHeader, baseUrl, isFile }: CodeOf): string {
  const [name, value] = secretHeader('$HEADGATE_KEY');
  // curl writes the content type of a form itself, with its boundary.
  const sent = files === undefined ? headers : headers.filter(([header]) => header !== 'content-type');
  const parts = [
    `curl ${quoted(baseUrl + path)}`,
    `-H "${name}: ${value}"`,
    ...sent.map((header) => `-H ${quoted(header.join(': '))}`),
    ...(files === undefined
      ? [`-d ${quoted(JSON.stringify(body, null, 2))}`]
      : [
          ...formFields(body).map(([field, text]) => `--form-string ${quoted(`${field}=${text}`)}`),
          ...files.map((file) => `-F ${quoted(`${file.field}=@"${inQuotes(file.name)}";type=${file.type}`)}`),
        ]),
    ...(isFile ? [`--output ${FILE}`] : []),
  ];
  return parts.join(' \\\n  ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function inQuotes(text: string): string {
  return text.replace(/["\\]/g, '\\$&');
}

function python({ request: { path, headers, body, files }, secretHeader, baseUrl, isFile }: CodeOf): string {
  const [name, value] = secretHeader("{os.environ['HEADGATE_KEY']}");
  const others = headers.filter(([header]) => header !== 'content-type');
  const lines = [
    ...['import os', '', 'import requests', '', 'answer = requests.post('],
    `    ${JSON.stringify(baseUrl + path)},`,
    `    headers={${[`"${name}": f"${value}"`, ...others.map((pair) => pair.map((text) => JSON.stringify(text)).join(': '))].join(', ')}},`,
    ...(files === undefined
      ? [`    json=${pythonValue(body, '    ')},`]
      : [
          `    data=${pythonValue(formFields(body), '    ')},`,
          `    files=[${files.map((file) => `(${JSON.stringify(file.field)}, (${JSON.stringify(file.name)}, open(${JSON.stringify(file.name)}, "rb"), ${JSON.stringify(file.type)}))`).join(', ')}],`,
        ]),
    ')',
    'answer.raise_for_status()',
    isFile ? `open("${FILE}", "wb").write(answer.content)` : 'print(answer.text)',
  ];
  return lines.join('\n');
}

/** Returns a value of JSON as Python writes it. */
function pythonValue(value: unknown, indent: string): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const entries = Array.isArray(value)
    ? value.map((one) => pythonValue(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${pythonValue(one, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return entries.length === 0
    ? open + close
    : `${open}\n${entries.map((entry) => `${inner}${entry},\n`).join('')}${indent}${close}`;
}

function node({ request: { path, headers, body, files }, secretHeader, baseUrl, isFile }: CodeOf): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is itself a template in the code that is written.
  const [name, value] = secretHeader('${process.env.HEADGATE_KEY}');
  const sent = files === undefined ? headers : headers.filter(([header]) => header !== 'content-type');
  const all = [`'${name}': \`${value}\``, ...sent.map((pair) => pair.map((text) => JSON.stringify(text)).join(': '))];
  const form =
    files === undefined
      ? []
      : [
          'const body = new FormData();',
          ...formFields(body).map((pair) => `body.append(${pair.map((text) => JSON.stringify(text)).join(', ')});`),
          ...files.map(
            ({ field, name: file, type }) =>
              `body.append(${JSON.stringify(field)}, new Blob([await readFile(${JSON.stringify(file)})], { type: ${JSON.stringify(type)} }), ${JSON.stringify(file)});`,
          ),
        ];
  const used = [...(files === undefined ? [] : ['readFile']), ...(isFile ? ['writeFile'] : [])];
  const lines = [
    ...(used.length === 0 ? [] : [`import { ${used.join(', ')} } from 'node:fs/promises';`, '']),
    ...form,
    `const answer = await fetch(${JSON.stringify(baseUrl + path)}, {`,
    "  method: 'POST',",
    `  headers: { ${all.join(', ')} },`,
    files === undefined ? `  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll('\n', '\n  ')}),` : '  body,',
    '});',
    isFile ? `await writeFile('${FILE}', Buffer.from(await answer.arrayBuffer()));` : 'console.log(await answer.text());',
  ];
  return lines.join('\n');
}
