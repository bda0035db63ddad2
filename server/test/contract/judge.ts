/** What a gateway answers to a call, beside what its contract says. */
import type { FuzzCall } from './calls.ts';
import { type Contract, escaped } from './contract.ts';

export interface Said {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
}

interface Problem {
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

/** A fault of the answer, or of the contract. */
export interface Fault {
  readonly kind:
    | '5xx'
    | 'undocumented status'
    | 'answer outside its schema'
    | 'accepted outside its schema'
    | 'refused inside its schema'
    | 'no field named';
  readonly what: string;
}

/** Returns what is wrong with an answer. */
export function judged(contract: Contract, call: FuzzCall, said: Said): Fault[] {
  const { operation, misfit } = call;
  const faults: Fault[] = [];
  const add = (kind: Fault['kind'], what: string) =>
    faults.push({ kind, what: `${operation.method} ${operation.path}: ${what}` });
  if (said.status >= 500) add('5xx', `${said.status} ${said.text.slice(0, 300)}`);
  const documented = operation.responses[said.status];
  if (documented === undefined) add('undocumented status', `${said.status} ${said.text.slice(0, 300)}`);
  else {
    const wrong = wrongAnswer(contract, call, said, documented);
    if (wrong !== null) add('answer outside its schema', `${said.status} ${wrong}`);
  }
  if (said.status < 300 && misfit !== null) add('accepted outside its schema', misfit);
  if (said.status === 400) {
    const { detail = '', errors = [] } = (JSON.parse(said.text) ?? {}) as Problem;
    if (misfit === null) add('refused inside its schema', `${generic(detail)}`);
    if (errors.length === 0 || errors.some(({ pointer, message }) => pointer === '' && !isAboutAll(message)))
      add('no field named', generic(detail));
  }
  return faults;
}

/** Whether a refusal is about the body as a whole, where no field can be named. */
function isAboutAll(detail: string): boolean {
  return /JSON|body|^must have|path is too long|^Invalid input/.test(detail);
}

/** A message without what differs from call to call. */
function generic(detail: string): string {
  return detail
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\/\d+/g, '/0')
    .replaceAll(/[a-z]{2,5}_[0-9a-f]{32}/g, '<id>')
    .slice(0, 200);
}

function wrongAnswer(
  contract: Contract,
  { operation }: FuzzCall,
  said: Said,
  documented: NonNullable<FuzzCall['operation']['responses'][string]>,
): string | null {
  if (said.headers.get('x-request-id') === null) return 'has no x-request-id';
  const declared = new Set(Object.keys(documented.headers ?? {}));
  for (const name of ['etag', 'retry-after', 'www-authenticate'])
    if (said.headers.has(name) && !declared.has(name)) return `has the header ${name}, which is not declared`;
  const types = Object.keys(documented.content ?? {});
  if (types.length === 0) return said.text === '' ? null : 'has a body';
  const type = said.type.split(';')[0] ?? '';
  if (!types.includes(type)) return `is ${type}, not ${types.join(' or ')}`;
  if (type !== 'application/json' && type !== 'application/problem+json') return null;
  const at =
    type === 'application/json'
      ? `${operation.pointer}/responses/${said.status}/content/${escaped(type)}/schema`
      : '/components/schemas/Problem';
  return contract.misfit(at, JSON.parse(said.text));
}
