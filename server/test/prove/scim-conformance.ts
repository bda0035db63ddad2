/** What Okta's SPEC test asks (R1 to R12), what its CRUD test makes a gateway do, and the requests of Entra's documents. */
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { ENTRA_CASES } from '../scim/entra-cases.ts';
import { ERROR, LIST, patchBody, personBody, USER } from '../scim/support.ts';
import type { Gateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { type DirectorySite, makeDirectory, type Said } from './scim-site.ts';

/** One request and what its answer must have. `is` reports whether the rest is right. */
interface Step {
  readonly name: string;
  readonly ask: () => Promise<Said>;
  readonly status: number;
  readonly is?: (body: Said['body']) => boolean;
}

export async function conformance(gateway: Gateway, database: pg.Client): Promise<ProveResult> {
  const problems: string[] = [];
  let asked = 0;
  for (const steps of [specSteps, crudSteps]) {
    for (const { name, ask, status, is } of await steps(await makeDirectory(gateway, database))) {
      asked += 1;
      const said = await ask();
      if (said.status !== status || is?.(said.body) === false)
        problems.push(`${name}: ${said.status} ${said.text.slice(0, 300)}`);
    }
  }
  for (const { name, more, operations, gives } of ENTRA_CASES) {
    asked += 1;
    const { directory, domain } = await makeDirectory(gateway, database);
    const person = await directory('POST', '/Users', personBody(`person@${domain}`, more));
    const flag = name.includes('with the flag') ? '?aadOptscim062020' : '';
    const { body, text } = await directory('PATCH', `/Users/${String(person.body.id)}${flag}`, patchBody(...operations(domain)));
    for (const [attribute, value] of Object.entries(gives(domain))) {
      if (!isDeepStrictEqual(body[attribute], value)) problems.push(`Entra ${name}: ${attribute} in ${text.slice(0, 300)}`);
    }
  }
  return {
    holds: problems.length === 0,
    figure: `${asked - problems.length} of ${asked} requests of Okta and Entra answered as they expect`,
    details: problems,
  };
}

const find = (filter: string) => `/Users?${new URLSearchParams({ filter })}`;
const isList = (total: number) => (body: Said['body']) => body.totalResults === total && isDeepStrictEqual(body.schemas, [LIST]);
const isError = (status: string) => (body: Said['body']) =>
  body.status === status && isDeepStrictEqual(body.schemas, [ERROR]) && typeof body.detail === 'string';

async function specSteps({ directory, domain }: DirectorySite): Promise<readonly Step[]> {
  const seeded = (await directory('POST', '/Users', personBody(`morgan@${domain}`))).body;
  const random = `jordan@${domain}`;
  const primary = personBody(random, { emails: [{ primary: true, value: `primary@${domain}`, type: 'work' }] });
  let created = '';
  return [
    { name: 'R1', ask: () => directory('GET', '/Users?count=1&startIndex=1'), status: 200, is: isList(1) },
    { name: 'R2', ask: () => directory('GET', `/Users/${String(seeded.id)}`), status: 200, is: ({ active }) => active === true },
    { name: 'R3', ask: () => directory('GET', find('userName eq "nobody@nowhere.invalid"')), status: 200, is: isList(0) },
    { name: 'R4', ask: () => directory('GET', '/Users/00000000000000000000'), status: 404, is: isError('404') },
    { name: 'R5', ask: () => directory('GET', find(`userName eq "${random}"`)), status: 200, is: isList(0) },
    {
      name: 'R6',
      ask: async () => {
        const said = await directory('POST', '/Users', primary);
        created = String(said.body.id);
        return said;
      },
      status: 201,
      is: ({ active, userName, schemas }) => active === true && userName === random && isDeepStrictEqual(schemas, [USER]),
    },
    { name: 'R7', ask: () => directory('GET', `/Users/${created}`), status: 200, is: ({ userName }) => userName === random },
    { name: 'R8', ask: () => directory('POST', '/Users', personBody(random)), status: 409, is: isError('409') },
    { name: 'R9', ask: () => directory('GET', find(`userName eq "${random.toUpperCase()}"`)), status: 200, is: isList(1) },
    { name: 'R10', ask: () => directory('GET', '/Groups'), status: 200, is: isList(0) },
    { name: 'R11', ask: () => directory('GET', '/Users', undefined, 'non-token'), status: 401, is: isError('401') },
    { name: 'R12', ask: () => directory('GET', '/Users/00919288221112222'), status: 404, is: isError('404') },
  ];
}

async function crudSteps({ directory, domain }: DirectorySite): Promise<readonly Step[]> {
  const userName = `riley@${domain}`;
  let person: Said['body'] = {};
  const at = () => `/Users/${String(person.id)}`;
  const more = { password: 'N3verSt0red!', phoneNumbers: [{ value: '415.123.4567' }], title: 'Engineer' };
  const set = (active: boolean): Step => ({
    name: `CRUD active ${active}`,
    ask: () => directory('PATCH', at(), patchBody({ op: 'replace', value: { active } })),
    status: 200,
    is: (body) => body.active === active,
  });
  return [
    {
      name: 'CRUD create',
      ask: async () => {
        const said = await directory('POST', '/Users', personBody(userName, more));
        person = said.body;
        return said;
      },
      status: 201,
      is: (body) => !('password' in body) && body.title === 'Engineer',
    },
    { name: 'CRUD look up', ask: () => directory('GET', find(`userName eq "${userName}"`)), status: 200, is: isList(1) },
    {
      name: 'CRUD replace',
      ask: () => directory('PUT', at(), { ...person, displayName: 'Rileyupdate' }),
      status: 200,
      is: (body) => body.displayName === 'Rileyupdate' && body.title === 'Engineer',
    },
    set(false),
    set(true),
    set(false),
    { name: 'CRUD delete', ask: () => directory('DELETE', at()), status: 204 },
    { name: 'CRUD gone', ask: () => directory('GET', at()), status: 404, is: isError('404') },
  ];
}
