/** Ways around a wall, and the tests that try each of them over HTTP or in a browser. `npm run prove walls.patterns` runs them. */

/** The tests of a file, each named by its suites and itself: `suite › test`. What a table fills in is `…`, as in docs/promises.md. */
export type TestsByFile = Readonly<Record<string, readonly string[]>>;

const ADMIN = 'server/test/admin';
const IDENTITY = 'server/test/identity';
const WALLS = 'server/test/walls';
const HOSTILE = 'server/test/hostile';
const PROVIDERS = 'server/src/providers';
const UPSTREAM = 'server/src/upstream';

/** Pattern by pattern. A file or test that is not there makes the prove fail, and so does a pattern without one. */
export const WALL_TESTS: Readonly<Record<string, TestsByFile>> = {
  'scope widening': {
    [`${ADMIN}/admin-tokens.test.ts`]: [
      'an admin token › that is narrowed › makes, widens and takes over no token, and gives no role that it does not keep',
      'an admin token › of a machine › has no role above who makes it or who answers for it, and lasts 90 days without an owner’s consent',
    ],
    [`${ADMIN}/narrowing.test.ts`]: [
      'narrowing access below the organization › a choice outside the parent is 400 naming it, at every level, on creation and change',
    ],
    [`${ADMIN}/members.test.ts`]: ['members › roles and caps › nobody grants or takes a role above their own'],
  },
  'mass assignment': {
    [`${WALLS}/questions-and-bodies.test.ts`]: [
      'a body › sets no field that is not its own, in any change that has one',
      'a body › is closed at each of its levels, but for notes of one’s own, what a browser makes and what goes on to the data plane',
    ],
    [`${IDENTITY}/session.test.ts`]: ['signing in with a password › takes no … from the body'],
  },
  'moving keys': {
    [`${ADMIN}/keys.test.ts`]: ['keys › move within their organization, with an owner there, and nowhere else'],
    [`${ADMIN}/own-caps.test.ts`]: [
      'an owner of an organization who has a cap › raises it by no route, whoever of theirs acts',
      'an owner of an organization who has a cap › takes no key of somebody else as their own, whoever’s it was',
    ],
  },
  'confused deputy': {
    [`${ADMIN}/credentials.test.ts`]: ['credentials › another address › needs the key again: …'],
    [`${ADMIN}/admin-tokens.test.ts`]: ['an admin token › of a person › made by a token belongs to that token’s owner'],
    [`${IDENTITY}/session.test.ts`]: ['a session › is weighed less than an admin token sent beside it'],
    'server/test/invitations/takeover.test.ts': [
      'without a mail server › an account made by a handed-over link comes into no other organization, by whichever invitation',
    ],
  },
  lists: {
    [`${ADMIN}/matrix.test.ts`]: [
      '… › answers each role what it may, in its own team, in another of its organization and in another organization',
    ],
    [`${WALLS}/team-walls.test.ts`]: [
      'what a member sees › … sees their own team, its people, keys and service accounts, and those of no other',
      'spend › cannot be found out by a filter, an order or a sum',
    ],
  },
  ids: {
    [`${WALLS}/team-walls.test.ts`]: [
      'ways around › what nobody has and what another tenant has are answered in the same words',
      'what a member sees › … is refused every page of another team, and told of another tenant’s as of nothing',
    ],
    [`${ADMIN}/access.test.ts`]: [
      'access explained › a tenant cannot tell a target it is not granted from one that does not exist',
    ],
  },
  search: {
    [`${WALLS}/team-walls.test.ts`]: ['ways around › search and names tell a … of nothing beyond their own'],
    'server/test/exports/search.test.ts': ['search › a wild card finds itself and nothing else, and nothing finds nothing'],
  },
  SQL: {
    [`${WALLS}/questions-and-bodies.test.ts`]: [
      'words that a database would run › find in no parameter of any question more than nonsense finds',
      'words that a database would run › find as ids in a path nothing, and change nothing',
      'words that a database would run › are kept and found as the names they are',
    ],
  },
  'path tricks': {
    'server/src/http/node/listener.test.ts': [
      'with the fast lane … › what reaches the walk › the admin plane takes /api and below by the raw prefix, and nothing that only looks like it',
    ],
    'server/test/walk/access.test.ts': [
      'a model name in a path is percent-encoded, its slashes too, and only what may be called is there',
    ],
    'server/test/bad-input/bad-input.test.ts': [
      'with the fast lane … › what is refused before it reaches a provider costs nothing and says nothing it should not › …',
    ],
  },
  sessions: {
    [`${IDENTITY}/session.test.ts`]: [
      'a session › does not open with a cookie that was changed, cut or made up',
      'a session › is over after signing out, also for a copy of its cookie',
      'a session › loses a role the moment it is taken away, and stays a session',
    ],
    [`${IDENTITY}/session-list.test.ts`]: ['a route › that is for the signed-in is 401 for everybody else'],
  },
  CSRF: {
    [`${IDENTITY}/session.test.ts`]: [
      'a request of another site › changes nothing, whatever the session may do',
      'a request of another site › signs nobody in',
    ],
    [`${IDENTITY}/where-from.test.ts`]: ['a forwarded address › cannot make another site the gateway’s own'],
  },
  SSRF: {
    [`${WALLS}/addresses.test.ts`]: [
      'addresses › a tenant’s webhook reaches no loopback in development mode, neither a new one nor one that was stored before',
    ],
    [`${PROVIDERS}/transport-addresses.test.ts`]: [
      'at connect › a public name that resolves to a refused address is never connected to',
      'at connect › a name that resolved well and then elsewhere is refused when it connects again',
    ],
    [`${UPSTREAM}/webhook-post.test.ts`]: [
      'sends a message and says how it was answered, following no redirect',
      'opens no socket to an address that is not allowed, whatever name leads there',
    ],
  },
  'test connection': {
    [`${WALLS}/served.test.ts`]: [
      'a try of what is set up › is for those who set it up: a tenant makes nobody call anything',
      'a try of what is set up › asks the stored address alone, and follows nobody elsewhere with the key',
      'a try of what is set up › of an address of the cloud is refused before anything is called',
    ],
    [`${PROVIDERS}/credential-check.test.ts`]: [
      'a live check of a deployment › tells what the provider said, without the key it quoted',
    ],
  },
  template: {
    [`${WALLS}/served.test.ts`]: ['a name that is a template › is text in mails, in messages to others and in answers'],
  },
  cache: {
    [`${WALLS}/served.test.ts`]: [
      'what was answered to one › is not given to another who asks the same, nor to the same one again',
      'what was answered to one › is kept by no cache on the way: what a key asks for, and every page of the admin API',
    ],
    [`${ADMIN}/idempotency.test.ts`]: ['Idempotency-Key › belongs to its caller'],
  },
  traversal: {
    [`${WALLS}/served.test.ts`]: ['a path that climbs › reads no file, whichever door it is tried at'],
    [`${ADMIN}/bad-input.test.ts`]: ['a request › with …'],
  },
  'XSS and CSV': {
    'console/test/organizations.spec.ts': ['a name with markup, a formula and another script is shown as it is'],
    [`${WALLS}/addresses.test.ts`]: [
      'addresses › pages and whatever else a browser may open have the headers that keep them what they are',
    ],
    'server/test/invitations/mail.test.ts': ['mail over SMTP › a name people chose is text in the HTML, and no line of the head'],
    'server/test/exports/exports.test.ts': ['exports › usage › names stand beside ids, and none of them is a formula'],
    'server/src/admin/exports/csv.test.ts': [
      'a cell of an export › is no formula, whatever it holds and wherever a spreadsheet splits it',
    ],
  },
  login: {
    [`${IDENTITY}/lockout.test.ts`]: [
      'a stranger who guesses › waits alone: the owner signs in from elsewhere at once, and so does the next one at the stranger’s address',
      'a stranger who guesses › is one stranger in all of an IPv6 /64, and another one beside it',
    ],
    [`${IDENTITY}/password.test.ts`]: [
      'guessing passwords › takes longer and longer, alike for who exists and who does not; success starts anew',
      'a lost password › is asked for alike whether there is such an account or not, and mails strangers nothing',
    ],
    [`${IDENTITY}/second-factor.test.ts`]: [
      'guessing a code › ends the sign-in after five tries, and then takes longer and longer',
    ],
    [`${ADMIN}/unowned-tokens.test.ts`]: [
      'an admin token › that is not known is refused, after a hundred guesses from an address for a while, and leaves an event; known ones go on',
    ],
  },
  'denial of service': {
    [`${HOSTILE}/hostile-parameters.test.ts`]: ['every operation with hostile values of each parameter'],
    [`${HOSTILE}/head-first.test.ts`]: [
      'with the fast lane … › bodies together have a bound, and who is past it is told to come again',
    ],
    [`${HOSTILE}/connections.test.ts`]: ['with the fast lane … › an address has so many, and one more when one has ended'],
    [`${HOSTILE}/large-bodies.test.ts`]: ['a body of › …'],
  },
  carriers: {
    'server/test/walk/callers.test.ts': ['a key › in … and another in … is 400, and the same in both is one key'],
    'server/test/bad-input/bad-input.test.ts': [
      'with the fast lane … › what is refused before it reaches a provider costs nothing and says nothing it should not › …',
    ],
  },
  'hop headers': {
    [`${WALLS}/served.test.ts`]: [
      'headers that are for the next hop alone › reach no provider: …',
      'headers that are for the next hop alone › of a provider reach no client (streamed: …)',
    ],
    'server/test/lane/fuzz.test.ts': ['the fast lane reads what Node reads, or leaves it to Node › requests, in memory'],
  },
  audit: {
    'server/test/store/audit-role.test.ts': [
      'a role that may only insert › appends and verifies, and neither changes events nor switches triggers off',
    ],
    [`${ADMIN}/audit.test.ts`]: [
      'the audit log › verifies after everything, also after changes made at once, and finds a row edited by hand',
      'the audit log › tells the platform, and not its owner, who asked for another tenant’s object',
      'the audit log › is read by those who may, each their own',
    ],
  },
};
