import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DIRECTORY, type GivenRole, roleAfter } from './given-role.ts';

type Role = 'strong' | 'weak' | 'member';
type Held = GivenRole<Role> | null;

const IDP = 'idp_1';
const role = fc.constantFrom<Role>('strong', 'weak');
const maybe = fc.option(role, { nil: null });
const held = fc.option(
  fc.record({
    role: fc.constantFrom<Role>('strong', 'weak', 'member'),
    managedBy: fc.constantFrom(null, DIRECTORY, IDP, 'idp_2'),
  }),
  { nil: null },
);
/** The place is the organization, where nobody is without a role, or a team. */
const otherwise = fc.constantFrom<Role | null>('member', null);

interface Place {
  readonly otherwise: Role | null;
  readonly directory: Role | null;
  readonly signIn: Role | null;
}
const place = fc.record({ otherwise, directory: maybe, signIn: maybe });

const byDirectory = (before: Held, { directory: gives, otherwise }: Place): Held =>
  roleAfter(before, { source: DIRECTORY, gives, otherwise, directoryGives: gives !== null });

/** A sign-in, which works out the directory's roles first. */
const bySignIn = (before: Held, now: Place): Held =>
  roleAfter(byDirectory(before, now), {
    ...{ source: IDP, gives: now.signIn, otherwise: now.otherwise },
    directoryGives: now.directory !== null,
  });

/** The rule of the version before, whose processes may run beside: the source that gave a role first keeps it. */
const before = (source: string, gives: Role | null, had: Held, { otherwise }: Place): Held => {
  if (had !== null && had.managedBy !== source) return had;
  const role = gives ?? (had === null ? null : otherwise);
  return role === null ? null : { role, managedBy: source };
};

describe('the role in one place', () => {
  test('that a person gave stays, whatever the sources say', () => {
    fc.assert(
      fc.property(role, place, (by, now) => {
        const hand = { role: by, managedBy: null };
        expect(byDirectory(hand, now)).toEqual(hand);
        expect(bySignIn(hand, now)).toEqual(hand);
      }),
    );
  });

  test('is the directory’s wherever it gives one, whoever gave it before', () => {
    fc.assert(
      fc.property(held, place, (had, now) => {
        fc.pre(now.directory !== null && had?.managedBy !== null);
        const wanted = { role: now.directory, managedBy: DIRECTORY };
        expect(byDirectory(had, now)).toEqual(wanted);
        expect(bySignIn(had, now)).toEqual(wanted);
      }),
    );
  });

  test('is the sign-in’s where the directory gives none, unless another provider gave it', () => {
    fc.assert(
      fc.property(held, place, (had, now) => {
        fc.pre(now.directory === null && now.signIn !== null && had?.managedBy !== null && had?.managedBy !== 'idp_2');
        expect(bySignIn(had, now)).toEqual({ role: now.signIn, managedBy: IDP });
      }),
    );
  });

  test('of one provider is not changed by another', () => {
    fc.assert(
      fc.property(role, place, (by, now) => {
        fc.pre(now.directory === null);
        const other = { role: by, managedBy: 'idp_2' };
        expect(bySignIn(other, now)).toEqual(other);
      }),
    );
  });

  test('is the same in both orders of the directory’s run and the sign-in', () => {
    fc.assert(
      fc.property(held, place, (had, now) => {
        expect(byDirectory(bySignIn(had, now), now)).toEqual(bySignIn(byDirectory(had, now), now));
      }),
    );
  });

  test('is never lost while the directory gives one, also after runs of the version before', () => {
    const step = fc.record({ is: fc.constantFrom('directory', 'sign-in', 'directory before', 'sign-in before'), place });
    fc.assert(
      fc.property(held, fc.array(step, { maxLength: 12 }), place, (start, steps, last) => {
        let had: Held = start;
        for (const { is, place: now } of steps) {
          if (is === 'directory') had = byDirectory(had, now);
          else if (is === 'sign-in') had = bySignIn(had, now);
          else if (is === 'directory before') had = before(DIRECTORY, now.directory, had, now);
          else had = before(IDP, now.signIn, had, now);
        }
        const isByHand = start?.managedBy === null;
        const healed = bySignIn(had, last);
        if (isByHand) expect(healed).toEqual(start);
        else if (last.directory !== null) expect(healed).toEqual({ role: last.directory, managedBy: DIRECTORY });
      }),
    );
  });
});
