import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findsResponse, isStored, placeOf } from './stored-responses.ts';
import { type Caller, type OrganizationConfig, RESPONSES_SCOPES, type ResponsesScope, type TeamConfig } from './tenancy.ts';

const NO_POLICY = { rateLimits: {}, modelLimits: [], budgets: [], access: { mode: 'inherit' } } as const;
const TEAMS = ['team_1', 'team_2', 'team_3'] as const;
const KEYS = ['key_1', 'key_2', 'key_3'] as const;
const ORGANIZATIONS = ['org_1', 'org_2', 'org_3'] as const;

interface Place {
  readonly organization: string;
  readonly team: string;
  readonly key: string;
}

/** A caller at a place, in an organization with this setting. All organizations have teams and keys of the same ids. */
function callerAt(place: Place, responses: ResponsesScope | null | undefined, living: readonly string[] = TEAMS): Caller {
  const team = (id: string): TeamConfig => ({ id, name: id, status: 'active', ...NO_POLICY });
  const organization = {
    id: place.organization,
    teams: new Map(living.map((id) => [id, team(id)])),
    ...(responses === undefined ? {} : { responses }),
  } as unknown as OrganizationConfig;
  const key = { id: place.key, organizationId: place.organization, teamId: place.team } as Caller['key'];
  return { organization, team: team(place.team), key, member: null };
}

const places = fc.record({
  organization: fc.constantFrom(...ORGANIZATIONS),
  team: fc.constantFrom(...TEAMS),
  key: fc.constantFrom(...KEYS),
});
const scopes = fc.constantFrom(...RESPONSES_SCOPES, null, undefined);

test('a response is found exactly by those whom the scope names, of three tenants with teams and keys of the same ids', () => {
  fc.assert(
    fc.property(places, places, scopes, (caller, maker, scope) => {
      const isFound = findsResponse(callerAt(caller, scope), placeOf(callerAt(maker, 'team')));
      const same = (what: keyof Place) => caller[what] === maker[what];
      const expected = {
        organization: same('organization'),
        team: same('organization') && same('team'),
        key: same('organization') && same('team') && same('key'),
        none: false,
      }[scope ?? 'none'];
      expect(isFound).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test('a narrower scope finds nothing that a wider one does not', () => {
  fc.assert(
    fc.property(places, places, (caller, maker) => {
      const found = RESPONSES_SCOPES.map((scope) => findsResponse(callerAt(caller, scope), placeOf(callerAt(maker, scope))));
      expect(found).toEqual([...found].sort());
    }),
    { numRuns: 1_000 },
  );
});

test('a response of a deleted team is found by nobody, whatever the scope', () => {
  for (const scope of RESPONSES_SCOPES) {
    const maker = { organization: 'org_1', team: 'team_1', key: 'key_1' };
    const callers = [maker, { ...maker, team: 'team_2' }].map((place) => callerAt(place, scope, ['team_2', 'team_3']));
    expect(callers.map((caller) => findsResponse(caller, placeOf(callerAt(maker, scope))))).toEqual([false, false]);
  }
});

test('answers are stored only where the organization keeps them, and not if the request says false', () => {
  const of = (scope: ResponsesScope | null | undefined) =>
    callerAt({ organization: 'org_1', team: 'team_1', key: 'key_1' }, scope).organization;
  for (const none of [null, undefined]) {
    expect([true, false, null, undefined].map((asked) => isStored(of(none), asked))).toEqual([false, false, false, false]);
  }
  for (const scope of RESPONSES_SCOPES) {
    expect([true, false, null, undefined].map((asked) => isStored(of(scope), asked))).toEqual([true, false, true, true]);
  }
});
