/** What must be shown, by name. A name is `<area>.<what>`; one word is an area, and means all of it. */
export interface ProveRow {
  readonly name: string;
  /** The module of this folder that shows it: `server/test/prove/<module>.ts`. */
  readonly module: string;
  /** One line: what it shows. */
  readonly shows: string;
  /** The number it had before it had a name. Numbers and their groups (`1`, `1.5`) still run what they ran. */
  readonly was?: string;
  /** It measures time, or says what must not fail, so nothing runs beside it. `full` judges no time when it is quick. */
  readonly alone?: 'always' | 'full';
}

export const REGISTRY: readonly ProveRow[] = [
  {
    name: 'money.fuzz',
    module: 'money-fuzz',
    shows:
      'answers, names and headers are mutated through walk, settlement, kill and start: books stay right; planted faults are found',
    alone: 'full',
  },
  {
    name: 'money.hangup',
    module: 'money-hangup',
    shows: 'what a client that hangs up is charged ÷ what its provider bills',
    alone: 'full',
  },
  {
    name: 'money.frozen',
    module: 'money-frozen',
    shows: 'what an admission decided stays decided while keys, prices, limits and organizations change in flight',
  },
  {
    name: 'money.bounded',
    module: 'money-bounded',
    shows: 'a budget that blocks is not exceeded by searches, tiers, media or hang-ups; what cannot be bounded says by how much',
  },
  {
    name: 'requests.attempts',
    module: 'requests-attempts',
    shows:
      'the attempts of requests are the same in detail, decision, health of deployments and providers, and metrics; no secret is in a provider’s words',
  },
  {
    name: 'identity.scim',
    module: 'identity-scim',
    shows:
      'Okta’s and Entra’s own SCIM requests; one of 50,000 members comes and goes; a disabled person’s keys at three replicas, and at data processes where planes are apart; escalations',
    alone: 'full',
  },
  {
    name: 'tags.route',
    module: 'tags-route',
    shows: 'each kind of request × deployment × default and required tags reaches whom the table says, and costs what it should',
  },
  {
    name: 'attribution.names',
    module: 'attribution-names',
    shows:
      'usage by tag, end user, session and client equals the ledger to the nano-dollar; a million names fill neither the database nor the memory; races for their budgets overspend by nothing',
    alone: 'full',
  },
  {
    name: 'identity.sso',
    module: 'identity-sso',
    shows:
      'people come in through real identity providers of three organizations, and each provider opens its own alone; rollovers lose no sign-in, hostile answers are refused, break-glass works while a provider is down',
  },
  {
    name: 'identity.threats',
    module: 'identity-threats',
    shows:
      'each threat to signing in is tried on processes, and has tests of that name, which run and pass, also in a real browser: the table of threat, test and result; quick looks for the names alone',
    alone: 'full',
  },
  {
    name: 'identity.jwt',
    module: 'identity-jwt',
    shows:
      'Anthropic’s SDK exchanges a token unmodified; no hostile token is taken; unreachable keys are 503; a cached token costs no more CPU than a key',
    alone: 'full',
  },
  {
    name: 'routing.strategies',
    module: 'routing-strategies',
    shows:
      'each strategy keeps its law over 10,000 calls, sessions stay, required tags hold, canaries get their share; a provider that fails, stalls, limits or refuses',
  },
  {
    name: 'counters.cold',
    module: 'counters-cold',
    shows: 'after a start every key asks for its past at once: all are answered, few rows are read, the writer goes on',
    alone: 'full',
  },
  {
    name: 'walls.takeover',
    module: 'walls-takeover',
    shows:
      'an account that one tenant made is no way into another: how it was made × what happens next, also by an identity provider × mail or none; before and after, and an upgrade',
  },
  {
    name: 'walls.bodies',
    module: 'walls-bodies',
    shows: 'bodies and questions meant to stop a gateway or to fill its memory: how long others wait, and what the process takes',
    alone: 'full',
  },
  {
    name: 'walls.tokens',
    module: 'walls-tokens',
    shows:
      'a person’s and a machine’s admin token after their person is removed, demoted or disabled: no call passes; no route raises one’s own cap',
  },
  {
    name: 'walls.patterns',
    module: 'wall-patterns',
    shows: 'each known way around a wall has a test of that name, which runs and passes; quick looks for the names alone',
    alone: 'full',
  },
  {
    name: 'walls.loads',
    module: 'walls-loads',
    shows: 'sign-ins at once, unknown keys by the thousand, a receiver that never answers: how much longer others wait meanwhile',
    alone: 'full',
  },
  {
    name: 'walls.upgrade',
    module: 'walls-upgrade',
    shows:
      'an installation of the release before the walls, opened by this one: what changed for whom, as a table; nobody is locked out',
  },
  {
    name: 'walls.master-key',
    module: 'walls-master-key',
    shows:
      'the master key and the pepper are renewed under load over three replicas, with commands killed on the way: no request fails, the old key opens nothing',
    alone: 'full',
  },
  {
    name: 'ops.alerts',
    module: 'ops-alerts',
    shows:
      'each alert fires in a real Prometheus when its fault is made on real gateways, ends when it is mended, and none fires on a site that is well',
    alone: 'always',
  },
  {
    name: 'ops.sizes',
    module: 'ops-sizes',
    shows:
      'bytes of ten million requests in log, ledger, rollups and journal, before and after; a month of them archived, verified, dropped and shown',
    alone: 'full',
  },
  {
    name: 'ops.recovery',
    module: 'ops-recovery',
    shows: 'PostgreSQL recovered to a point in time from a base backup and archived WAL: what was lost, and how long it took',
    alone: 'full',
  },
  row('start.first', 'first-start', '1.1', 'an empty directory, one command, and the printed call answers; then a second start'),
  {
    name: 'clients.sdk',
    module: 'clients',
    shows: 'unmodified SDKs of five families call the gateway: each on its own vendor, and all on each vendor',
  },
  {
    name: 'clients.agents',
    module: 'agents',
    shows:
      'Claude Code, Codex, opencode and Gemini CLI, each by its own program from npm, make a shell call through the gateway, on their own vendor and on others; Codex also compacts',
  },
  {
    name: 'clients.guides',
    module: 'guides',
    shows:
      'clients’ own programs, with the settings of docs/guides, print what the guides say: first calls, and errors in each client’s words',
  },
  {
    name: 'wires.tenancy',
    module: 'wires-tenancy',
    shows:
      'three tenants on one account of a provider: no id of a response, conversation or file leads to another’s, on any path and in any field; and what ends with its key, team, organization or process',
  },
  row('answers.recordings', 'recordings', '1.3', 'recorded answers pass as they came, in both dialects'),
  {
    name: 'wires.recordings',
    module: 'wires-recordings',
    shows:
      'every recorded answer says the same behind each chat surface, streams byte by byte and cut at every byte; what recorded requests lose, by pair',
  },
  {
    name: 'vendors.table',
    module: 'vendors-table',
    shows:
      'each recorded answer of a vendor behind the formats of clients, other kinds behind their endpoints: the table of what is proven of each provider',
  },
  {
    name: 'vendors.cohere',
    module: 'vendors-cohere',
    shows:
      'recorded chats of Cohere behind each surface, embeddings of Cohere, Voyage and Gemini as numbers and base64: what is lost, and what each costs beside rows by hand',
  },
  {
    name: 'vendors.cache',
    module: 'vendors-cache',
    shows:
      'the exact cache over a gateway: two tenants, one body: no hit and no measurable difference in time; who gets an answer again, at what cost, and what forgets it',
  },
  {
    name: 'vendors.batches',
    module: 'vendors-batches',
    shows:
      'batches at a vendor that fails in every way, under two kill -9: each line once, to the key that made the batch; ledger = Σ by hand',
    alone: 'full',
  },
  {
    name: 'vendors.units',
    module: 'vendors-units',
    shows:
      'rerank, moderations, images, speech and transcriptions: each unit costs what a row by hand says, 100 calls at once never exceed a budget that blocks, and the memory while files of 200 MB and 200 recordings arrive',
  },
  {
    name: 'vendors.tokens',
    module: 'vendor-tokens',
    shows:
      'Azure and Vertex AI: the addresses of their documentation, one fetch of a token for 200 calls, every hostile server of tokens is survived, and no secret is kept or told',
  },
  {
    name: 'vendors.bedrock',
    module: 'bedrock',
    shows:
      'Amazon Bedrock: signatures equal the published ones, frames are read whole, cut at each byte and with flipped bits, every recorded answer over HTTP says the same behind each surface, and what requests lose',
  },
  {
    name: 'vendors.credentials',
    module: 'vendor-credentials',
    shows:
      'credentials of every kind: published signatures, addresses, one fetch of a token for 200 calls, a rotation under load without a failed call, no secret anywhere, and no call with another owner’s secret; quick leaves out the tests that need a process of their own',
  },
  {
    name: 'wires.money',
    module: 'wires-money',
    shows:
      'every endpoint on every wire: 100 calls at once for a budget that blocks, clients that hang up, and what each recorded answer costs',
  },
  {
    name: 'identity.login',
    module: 'identity-login',
    shows:
      'coding agents by their own programs, set up by the command line, work with a login: budget seen, 20 refreshes at once are one, out when it is ended, and their files byte for byte as before; quick runs the two that CI installs anyway',
  },
  row('answers.costs', 'recorded-costs', '1.4', 'what recorded answers cost, beside an independent price library'),
  row('limits.probe', 'rate-limit-probe', '1.5', 'a limit is exact under concurrency and at the edge of its window'),
  row('limits.table', 'limit-table', '1.5', 'each limit at each scope admits exactly what it says'),
  row('holds.budgets', 'budgets', '1.6', 'a budget at each scope admits as many calls at once as their holds fit'),
  row('holds.ledger', 'served-ledger', '1.6', 'cut streams and fallbacks are charged what the vendor says it served'),
  row('outages.kill', 'kill-nine', '1.7', '`kill -9` under load loses nothing and charges nothing twice'),
  row('outages.postgres', 'database-away', '1.8', 'PostgreSQL away under load: known keys are served, no row is lost'),
  row('hostile.attacks', 'security-probe', '1.9', 'known attacks on gateways of this kind come to nothing'),
  row('hostile.input', 'bad-input', '1.9', 'bad input has its status and code, and costs nothing'),
  {
    name: 'hostile.readers',
    module: 'fuzz-readers',
    shows:
      'whatever reads what strangers send (HTTP, bodies, streams, addresses, CSV) is fuzzed, each beside a second reader or a rule',
  },
  row('hostile.faults', 'faults', '1.9', 'every fault of a vendor: status, code, charge, nothing left held'),
  row('bench.bars', 'benchmark', '1.10', 'the benchmark meets its bars, on books that lost nothing', 'full'),
  row('access.matrix', 'access-matrix', '1.11', 'every grant × what team, user and key keep of it'),
  row('access.changes', 'access-changes', '1.11', 'access follows labels, names and secrets without a restart'),
  row('access.counts', 'team-counts', '1.11', 'what an organization says of itself is true right after each change'),
  {
    name: 'walls.audit',
    module: 'audit-forgery',
    shows: 'audit chains forged with every right in SQL, each way found where it was done; what is left alone stays intact',
  },
  row('audit.content', 'audit-content', '1.12', 'prompts are kept as the policy says, sealed, and gone with their key'),
  {
    name: 'holds.sick-redis',
    module: 'sick-redis',
    shows:
      'a Redis that stalls, is slow, cut off, emptied or failed over, a frozen replica: 15 s later nothing is held without a request',
  },
  row('holds.simulation', 'simulation', '1.13', 'random histories with faults keep every rule; planted mistakes are found'),
  row('code.order', 'house', '1.14', 'the static checks pass, and no file or function is too long'),
  row('code.tour', 'tour', '1.14', 'docs/tour.md beside one real request, refusal and change'),
  row('walls.matrix', 'authorization', '2.1', 'every admin route × role × {own team, other team, other tenant, none}, by rows'),
  row('console.workflow', 'console-workflow', '2.2', 'the whole workflow of a first user, and the view of each role'),
  {
    name: 'console.hands',
    module: 'console-hands',
    shows: 'the whole workflow of a first user with the keyboard alone, in both themes, and by touch at a phone’s width',
  },
  row('console.accessibility', 'console-accessibility', '2.3', 'every page and dialog, light and dark, through axe'),
  row('console.screens', 'console-screens', '2.4', 'a picture of every page and dialog'),
  {
    name: 'console.numbers',
    module: 'console-numbers',
    shows:
      'the numbers on pages × regroupings × time zones × roles are those of the stored requests; no ghost rows, status beside its gauge, shares of 100',
  },
  {
    name: 'console.tasks',
    module: 'console-tasks',
    shows:
      'ten tasks by one script: clicks, keys, pages and seconds of each beside what they were, and that the gateway sees each done',
  },
  {
    name: 'console.shift',
    module: 'console-shift',
    shows:
      'every page with slow answers: how much it jumps, at two widths; what moves for who asked for stillness; text at twice its size',
    alone: 'full',
  },
  {
    name: 'console.contrast',
    module: 'console-contrast',
    shows: 'the contrast of every text, chart colour and gauge on every page in both themes, as the browser computes it',
  },
  {
    name: 'console.weight',
    module: 'console-weight',
    shows: 'packed scripts, style and font of a first visit to the start page and to a list; how soon the largest lists react',
    alone: 'always',
  },
  row('console.lists', 'lists', '2.5', 'lists, searches and reports at load size answer in time', 'always'),
  row('console.speed', 'console-speed', '2.5', 'what the first page loads, and how soon it reacts', 'always'),
  {
    name: 'console.preview',
    module: 'console-preview',
    shows: 'every action that takes access, money or people away: what was announced before it is what was so after it',
  },
  row('console.promises', 'promised-pages', '2.6', 'each sentence on organizations is stated by a test that runs'),
  row('bench.regression', 'no-regression', '2.7', 'a request costs no more than before there was a console'),
  row('console.sign-in', 'console-sign-in', '2.8', 'every way in and every way out, in a browser'),
  row('install.commands', 'command-line', '2.8', 'the output and exit code of each command'),
  row('install.upgrade', 'upgrade', '2.9', 'what an earlier release wrote opens in this one'),
  row('replicas.contract', 'counters-contract', '3.1', 'one contract on memory, Redis, Valkey and a cluster'),
  row('replicas.limits', 'shared-limits', '3.1', 'limits over three replicas, one with a wrong clock, are exact'),
  row('replicas.budgets', 'shared-budgets', '3.2', 'budgets over three replicas are never overspent'),
  row('replicas.chaos', 'chaos', '3.3', 'each outage of the operator’s guide, on three replicas under load', 'always'),
  row('replicas.failover', 'postgres-failover', '3.3', 'PostgreSQL fails over under load: each answer is there once'),
  row('replicas.upgrade', 'rolling-upgrade', '3.4', 'replicas are upgraded one by one: no request fails'),
  {
    name: 'ops.rolling',
    module: 'rolling-haproxy',
    shows:
      'three replicas behind HAProxy are upgraded one by one under load and go back one version: no request fails, no stream within the drain is cut',
    alone: 'full',
  },
  row('replicas.revocation', 'revocation', '3.5', 'how long a revoked key is still served by other replicas'),
  row('replicas.kill', 'kill-replicas', '3.6', 'replicas killed every five seconds: nothing lost, nothing twice'),
  row('lane.fuzz', 'lane-fuzz', '3.7', 'the fast lane beside Node’s own parser, message by message'),
  row('lane.bars', 'lane-benchmark', '3.7', 'the benchmark meets the bars of the fast lane', 'full'),
  row('install.move', 'move-and-restore', '3.8', 'a move, a backup and a restore keep totals, keys and decisions'),
  {
    name: 'ops.image',
    module: 'ops-image',
    shows: 'the image is built and run without rights: healthy, stopped, killed and started again on its volume',
    alone: 'full',
  },
  {
    name: 'ops.release',
    module: 'ops-release',
    shows:
      'a release is made dry from a clone: the same bytes twice, installed as its lock file names, started; checksums and bills of materials are right',
    alone: 'full',
  },
  {
    name: 'ops.compose',
    module: 'ops-compose',
    shows:
      'docker-compose brings compose.yaml up as it is: healthy, without rights; a restart, kills under load, a stop, a removal lose nothing',
    alone: 'full',
  },
  {
    name: 'ops.chart',
    module: 'ops-chart',
    shows:
      'real Helm lints and renders the chart over ten value files and refuses bad values; Kubernetes’ schemas and types judge what it makes',
  },
  row('install.removal', 'documents', '3.9', 'the guide’s commands remove everything; figures name their commands'),
  row('alerts.thresholds', 'threshold-alerts', '3.10', 'thresholds passed by racing requests are told once'),
  row('watched.requests', 'watched-requests', '3.11', 'traces fit together, and nothing secret is in logs or metrics'),
  row('watched.series', 'metric-series', '3.11', 'metrics stay bounded with ten thousand organizations'),
  row('alerts.rules', 'alert-rules', '3.11', 'the alert rules as Prometheus reads them'),
  row('install.package', 'published-package', '3.11', 'the package, built, installed into an empty folder and started'),
  {
    name: 'contract.fuzz',
    module: 'contract-fuzz',
    shows:
      'every operation of the admin API with values inside and outside its schema: no 5xx, no undocumented status, no answer outside its schema; what is refused inside it is listed with why',
  },
  {
    name: 'planes.paths',
    module: 'planes',
    shows:
      'each path of the table of planes, and what only looks like one, is answered by one role and 404 with the other; every file that routes agrees',
  },
  row('replicas.roles', 'roles', '3.12', 'a process for requests and one for people keep out of each other’s way'),
];

function row(name: string, module: string, was: string, shows: string, alone?: ProveRow['alone']): ProveRow {
  return { name, module, was, shows, ...(alone === undefined ? {} : { alone }) };
}

/** The rows that a word means: a name, an area, a number, a group of numbers, or `all`. Empty when it means nothing. */
export function rowsOf(word: string, rows: readonly ProveRow[] = REGISTRY): ProveRow[] {
  const isIn = (name?: string) => name !== undefined && (name === word || name.startsWith(`${word}.`));
  return rows.filter(({ name, was }) => word === 'all' || isIn(name) || isIn(was));
}

/** One line for each row, area by area. */
export function listing(rows: readonly ProveRow[] = REGISTRY): string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const sorted = rows.toSorted((one, other) => areaOf(one).localeCompare(areaOf(other)));
  return sorted.map(({ name, shows, was }) => `${name.padEnd(width)}  ${shows}${was === undefined ? '' : ` (${was})`}`);
}

function areaOf({ name }: ProveRow): string {
  return name.split('.')[0] as string;
}
