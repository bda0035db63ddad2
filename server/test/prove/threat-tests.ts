/** The threats to signing in, and the tests that try each over real processes. `npm run prove identity.threats` runs them. */
import type { TestsByFile } from './wall-tests.ts';

const SSO = 'server/test/sso';
const LOGINS = 'server/test/logins';
const BROWSER = 'console/test/threats.spec.ts';
const TAKEOVER = 'an account that somebody else made, later by an identity provider';

/** What must have a test. A threat that is taken out of the table is missed here. */
export const THREATS = [
  'a hostile provider asserts any address',
  'providers are mixed up, or a browser is signed in by another one',
  'XML is wrapped, or a response comes again',
  'a token is put in another’s place',
  'a directory gives more than it may',
  'a redirect leads elsewhere',
  'a person is talked into approving a device',
  'a refresh token or a code is stolen',
  'somebody who was deactivated goes on',
] as const;

/** Threat by threat, as docs/adr/0073 to 0080 name them. */
export const THREAT_TESTS: Readonly<Record<string, TestsByFile>> = {
  'a hostile provider asserts any address': {
    [`${SSO}/arrivals.test.ts`]: [
      'an account that exists › with a platform role or a place elsewhere is not given away by its address',
      'an account that exists › that is linked at several organizations gets through each provider that organization alone, and nothing of its own',
      'a person whom nobody knows › is refused outside the verified domains, without a verified address, and where no account is created',
    ],
    [`${SSO}/takeover.test.ts`]: [
      `${TAKEOVER} › of the same organization: its owner gets in, and its maker no more`,
      `${TAKEOVER} › of another organization: nobody gets in by the address, and its maker joins nothing`,
      `${TAKEOVER} › of the owner: a proved account keeps its own ways in`,
      `${TAKEOVER} › of a platform admin: belongs to nobody, and nobody gets it by its address`,
    ],
    'server/src/domain/identity/evidence.test.ts': [
      'what an identity provider opens › never an organization that is not its own, nor the person’s own rights, whatever it says',
    ],
  },
  'providers are mixed up, or a browser is signed in by another one': {
    [`${SSO}/arrivals.test.ts`]: [
      'a way through a provider › ends once, in the browser that began, at the provider that was asked',
      'a way through a provider › of twenty answers at once, one makes a session',
    ],
    [`${SSO}/providers.test.ts`]: [
      'an answer that is posted › is kept for a minute, and fetched once with the cookie of the start',
    ],
    'server/test/identity/oidc-hostile.test.ts': ['… is refused, with words that name both sides'],
    [BROWSER]: ['an answer of a provider that another browser asked for signs nobody in, and changes nobody’s session'],
  },
  'XML is wrapped, or a response comes again': {
    'server/src/identity/saml/saml-protocol.test.ts': [
      'hostile responses › $name',
      'hostile responses › a response counts once, of twenty posts at once and afterwards',
      'hostile responses › nothing that is posted throws',
    ],
  },
  'a token is put in another’s place': {
    'server/test/workload/exchange.test.ts': [
      'no hostile token is exchanged, or accepted in place of a key',
      'two organizations that trust the same issuer cannot use each other’s tokens',
      'tokens are not accepted in place of a key unless the issuer says so',
    ],
  },
  'a directory gives more than it may': {
    'server/test/scim/walls.test.ts': [
      'A SCIM directory › and roles › a group has no role by its name, nor a person by what the directory says of them',
      'A SCIM directory › and roles › a mapping whose editor may no longer give the role gives it to nobody new',
      'A SCIM directory › and roles › the last owner is neither disabled nor deleted',
      'A SCIM directory › and accounts › creates people only in verified domains, and says the same whoever has the address',
      'A SCIM directory › and accounts › two directories never see each other’s people and groups',
    ],
  },
  'a redirect leads elsewhere': {
    'server/src/domain/identity/return-path.test.ts': [
      'the page to open after a sign-in › refuses …',
      'the page to open after a sign-in › whatever it accepts leads to our own host, in every way to read it',
    ],
    [`${SSO}/arrivals.test.ts`]: ['a way through a provider › leads to no other host: …'],
    [`${LOGINS}/logins.test.ts`]: ['a login on this machine › sends its code to no other address: …'],
    [BROWSER]: ['no page of ours leads a browser to another host, whatever its address names as the next one'],
    'console/test/logins.spec.ts': ['an address that names another place than this computer is refused before anything is asked'],
  },
  'a person is talked into approving a device': {
    [`${LOGINS}/logins.test.ts`]: [
      'a device › is not approved for …',
      'a device › cannot be approved by an admin token, nor by somebody else than who looked up the code',
      'a device › codes cannot be guessed: after a few look-ups each waits longer',
      'keys of logins › are not made where the organization switched logins off',
    ],
    [BROWSER]: [
      'a code that somebody else sent shows who asks, is filled in by no link, and gives nothing without a click',
      'a code that two people enter is approved by the one who entered it last, and is one login',
      'a sign-in that is older than ten minutes approves nothing until the person shows that it is them',
    ],
    'console/test/logins.spec.ts': [
      'a person approves a device by its code, sees what asks, and ends the login',
      'a program on this computer gets its code back, and an old sign-in asks for the password',
    ],
  },
  'a refresh token or a code is stolen': {
    [`${LOGINS}/logins.test.ts`]: [
      'a login on this machine › gives nothing to who has the code without the verifier, and the program that has it still gets its tokens',
      'refresh tokens › work once: the new one goes on, and the old one ends the login with everything',
    ],
  },
  'somebody who was deactivated goes on': {
    [`${LOGINS}/replicas.test.ts`]: ['a login that ends at one replica ends at every other within 5 s, however it ends'],
    [`${LOGINS}/logins.test.ts`]: [
      'a login ends › at the next call when its person is disabled, and its refresh token is refused',
    ],
    'server/test/scim/walls.test.ts': [
      'A SCIM directory › disables and enables › exactly what it took: the membership with its keys, teams and role, and no session’s evidence stays',
    ],
  },
};
