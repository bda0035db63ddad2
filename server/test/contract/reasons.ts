/** Why a gateway refuses what its schema allows: rules that no schema can state, because they are about what is stored, or about the time. */

const REASONS: readonly (readonly [refusal: RegExp, why: string])[] = [
  [/must be an IANA time zone/, 'the database of time zones has no such name; its names change with it'],
  [/must be an IP address or a CIDR range/, 'short forms of IPv6 are too many for a pattern'],
  [/would be more than \d+ imported lists/, 'it depends on how many are stored'],
  [/needs the wire anthropic-messages beside it/, 'a change may name one wire, and another is stored'],
  [/ascending order/, 'a schema cannot compare the items of a list'],
  [
    /must name each .* only once|must not be listed twice|is listed twice|must not name a place twice/,
    'a schema cannot compare the items of a list',
  ],
  [
    /must not contain NUL characters or (unpaired surrogates|halves of surrogate pairs)/,
    'metadata may hold any JSON, but no NUL at any depth',
  ],
  [/must have at most 16384 bytes/, 'a schema cannot count the bytes of JSON'],
  [/is not a cursor of this list/, 'a cursor belongs to one list and its filters'],
  [
    /the time range has more than|must be before|must be after|in the future|must not be (before|after)|in the past|at most \d+ (days|months)|too many intervals/,
    'a schema cannot compare two times, or know the present one',
  ],
  [
    /\?\w+: (is only for a query|is required (unless|with)|must not be a tag with|needs `|cannot be combined|must not be combined|and )|cannot be combined with|in place of/,
    'OpenAPI has no rules between parameters',
  ],
  [/: is wrong$|code is wrong/, 'it is not the caller’s password or code'],
  [
    /there is no |is no deployment of|does not exist|is not the id of|is not a (version|webhook|team)|must name a credential/,
    'it names what is not there',
  ],
  [
    /must be (an?|the) .*(of|in|with|at) |must be an active |must belong|it is not active in team/,
    'it names what is there, but belongs elsewhere or may not be used',
  ],
  [
    /must have exactly one value, unless|must be set, or `claims`|must be absent if `identity_provider_id`|is only for `key_source`|is missing: (name|paste) the/,
    'it depends on another field of the body, or on what is stored',
  ],
  [
    /has a private or shared key|has no public key that|is not a JSON object with a list|pasted_keys: is not JSON/,
    'a key set is an unread text for the schema',
  ],
  [/\/config/, 'only the protocol of an identity provider, or the provider itself, knows which configuration is right'],
  [/must be sent alone, or `team_id` and `team_role`/, 'a mapping has one place, and null counts as absent'],
  [/must name one to 3 owners|must be the account of an active owner|has no passkey/, 'it depends on who is an owner now'],
  [/must be a path of this console/, 'an address has more forms than a pattern can tell apart'],
  [/\?email: must be sent unless/, 'OpenAPI has no rules between parameters'],
  [/refuses requests with the tag/, 'whether callers must name a tag follows from the levels above and below'],
  [/\/issuer: must begin with http/, 'an issuer is an address only where its keys are discovered'],
  [/the form has/, 'a schema cannot see a field that comes twice, and the bound of fields is that of all forms'],
  [/backchannel-logout: \/logout_token: /, 'only the key of the provider can tell a right token'],
  [/group_by: can use one of/, 'some kinds of labels are not summed together, and a filter counts as one'],
  [/a tag must be 1 to 64/, 'a stored tag of an earlier version may stay'],
  [/because no person is behind/, 'it depends on who calls'],
  [
    /is only for (webhooks of the platform|platform roles|service accounts that)|for a (week|month)|takes no targets|is a credential for \w+, not/,
    'it contradicts what is stored and stays',
  ],
  [
    /^PATCH .*(threshold: must be|window_minutes: must be at least|must be null: the fake provider|metadata: is only for|is required for a new address)/,
    'it contradicts what is stored and stays',
  ],
  [/mode: must be .* as in the other deployments|serves \w+ and cannot be a fallback/, 'it contradicts what is stored and stays'],
  [/or has a name like/, 'a schema with free names cannot forbid two of them at every depth'],
  [
    /: (must be absent: the|is required for|needs a new secret|must be \w+, as the|must not be ambient( here)?\b|must be an address of the cloud)|is not a setting of credentials|must be ([\w, ]+ or )?\w+ for \w+$|must be 0 for a new address/,
    'what a credential takes follows from its provider and kind, and from what is stored',
  ],
  [
    /must have a token price in at least one bucket/,
    'what is left of a price follows from its parts together, and from what is stored',
  ],
  [/key_file(\/\w+)?: must be/, 'a key file is an unread text or any JSON for the schema'],
  [/neither holds the access group|is not allowed at the level above/, 'the level above does not allow it'],
  [
    /must have a valid host name|must be a valid URL|must have its address in plain form|user name or password|port 0|may not be called|is not a public address|must begin with https:/,
    'the address is checked by the gateway’s policy and the rules of URLs',
  ],
  [
    /would lead back|must not be the target itself|fall back to itself|refers? to itself|falls? back to|must not form a cycle/,
    'a chain of fallbacks would lead back to its start',
  ],
];

/** Returns why a refusal is not in the schema, or null if it should be. */
export function reasonFor(what: string): string | null {
  return REASONS.find(([refusal]) => refusal.test(what))?.[1] ?? null;
}
