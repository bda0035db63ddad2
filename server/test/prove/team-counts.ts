// What an organization and a team say of themselves is true in the answer right after each change: teams, members, owners, keys.
import { type Gateway, startGateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';

interface Counts {
  readonly teams: number;
  readonly members: number;
  readonly owners: readonly string[];
  readonly keys: number;
  /** Members and keys of both teams, the first before the second. */
  readonly inTeams: readonly (readonly [members: number, keys: number])[];
}

/** Makes a step and says what must be seen after it. */
type Step = readonly [what: string, act: () => Promise<unknown>, changed: Partial<Counts>];

export async function run(): Promise<ProveResult> {
  const gateway = await startGateway();
  try {
    const wrong: string[] = [];
    const { steps, read } = await story(gateway);
    let want: Counts = { teams: 0, members: 0, owners: [], keys: 0, inTeams: [] };
    for (const [what, act, changed] of steps) {
      await act();
      want = { ...want, ...changed };
      const got = await read();
      if (JSON.stringify(got) !== JSON.stringify(want))
        wrong.push(`after ${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(want)}`);
    }
    const figure = `team_count, member_count, key_count and owners after ${steps.length} changes, each add, move and removal: ${wrong.length} wrong`;
    return { holds: wrong.length === 0, figure, details: wrong };
  } finally {
    await gateway.stop();
  }
}

async function story(gateway: Gateway): Promise<{ steps: readonly Step[]; read: () => Promise<Counts> }> {
  const post = (at: string, body: object) => gateway.admin<{ id: string }>('POST', at, body);
  const [ada, bob] = [
    (await post('/accounts', { email: 'ada@prove.test', name: 'Ada' })).id,
    (await post('/accounts', { email: 'bob@prove.test', name: 'Bob' })).id,
  ];
  const org = `/organizations/${(await post('/organizations', { slug: 'counted', name: 'Counted' })).id}`;
  const id = { ada: '', bob: '', first: '', second: '', key: '' };
  const addTeam = async (which: 'first' | 'second') => {
    id[which] = (await post(`${org}/teams`, { name: which })).id;
  };
  const join = (which: 'first' | 'second') => post(`/teams/${id[which]}/members`, { account_id: ada, role: 'team_developer' });
  const steps: Step[] = [
    ['adding a team', () => addTeam('first'), { teams: 1, inTeams: [[0, 0]] }],
    [
      'adding another',
      () => addTeam('second'),
      {
        teams: 2,
        inTeams: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    [
      'adding an owner',
      async () => (id.bob = (await post(`${org}/members`, { account_id: bob, role: 'org_owner' })).id),
      { members: 1, owners: ['Bob'] },
    ],
    [
      'adding a member',
      async () => (id.ada = (await post(`${org}/members`, { account_id: ada, role: 'org_member' })).id),
      { members: 2 },
    ],
    [
      'joining a team',
      () => join('first'),
      {
        inTeams: [
          [1, 0],
          [0, 0],
        ],
      },
    ],
    [
      'joining another',
      () => join('second'),
      {
        inTeams: [
          [1, 0],
          [1, 0],
        ],
      },
    ],
    [
      'making a key',
      async () => (id.key = (await post('/keys', { team_id: id.first, name: 'app', owner: { account_id: ada } })).id),
      {
        keys: 1,
        inTeams: [
          [1, 1],
          [1, 0],
        ],
      },
    ],
    [
      'moving the key',
      () => gateway.admin('PATCH', `/keys/${id.key}`, { team_id: id.second }),
      {
        inTeams: [
          [1, 0],
          [1, 1],
        ],
      },
    ],
    [
      'leaving a team',
      () => gateway.admin('DELETE', `/teams/${id.first}/members/${id.ada}`),
      {
        inTeams: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
    [
      'becoming an owner',
      () => gateway.admin('PATCH', `${org}/members/${id.ada}`, { role: 'org_owner' }),
      { owners: ['Ada', 'Bob'] },
    ],
    ['owning no more', () => gateway.admin('PATCH', `${org}/members/${id.bob}`, { role: 'org_member' }), { owners: ['Ada'] }],
    ['removing a member', () => gateway.admin('DELETE', `${org}/members/${id.bob}`), { members: 1 }],
    [
      'coming back as an owner',
      () => post(`${org}/members`, { account_id: bob, role: 'org_owner' }),
      { members: 2, owners: ['Ada', 'Bob'] },
    ],
    [
      'removing who owns a key',
      () => gateway.admin('DELETE', `${org}/members/${id.ada}`),
      {
        members: 1,
        owners: ['Bob'],
        keys: 0,
        inTeams: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    ['deleting a team', () => gateway.admin('DELETE', `/teams/${id.first}`), { teams: 1, inTeams: [[0, 0]] }],
  ];
  return { steps, read: () => countsOf(gateway, org) };
}

interface OrganizationBody {
  readonly team_count: number;
  readonly member_count: number;
  readonly key_count: number;
  readonly owners: readonly { readonly name: string }[];
}

interface TeamsBody {
  readonly data: readonly { readonly name: string; readonly member_count: number; readonly key_count: number }[];
}

async function countsOf(gateway: Gateway, org: string): Promise<Counts> {
  const body = await gateway.admin<OrganizationBody>('GET', org);
  const { data } = await gateway.admin<TeamsBody>('GET', `${org}/teams`);
  return {
    teams: body.team_count,
    members: body.member_count,
    owners: body.owners.map(({ name }) => name).sort(),
    keys: body.key_count,
    inTeams: data.toSorted((a, b) => a.name.localeCompare(b.name)).map((team) => [team.member_count, team.key_count]),
  };
}
