/** The connection to Redis or Valkey, single or a cluster. Detects which at the first contact, and reconnects by itself. */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { tlsFailure } from '../../lib/tls-failures.ts';
import { type RunScript, scriptRunner } from '../redis/redis-scripts.ts';
import { memoryIn } from './redis-memory.ts';

/** Thrown when Redis is out of reach or refused the command. It is not known whether the command was executed. */
export class RedisUnreachable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RedisUnreachable';
  }
}

/** Thrown for an error that an operator must correct before the process can start. The message is one line. */
export class UnusableRedis extends Error {
  constructor(message: string) {
    super(`REDIS_URL: ${message}`);
    this.name = 'UnusableRedis';
  }
}

export interface RedisLinkOptions {
  readonly url: string;
  /** The CA that signed the server's certificate, in PEM. Null: the public CAs. */
  readonly ca?: string | null;
  readonly onEvent: (event: { readonly is: 'lost' | 'ready' | 'warning'; readonly message: string }) => void;
  /** The longest wait for an answer, in milliseconds (500 by default). After that the connection counts as lost. */
  readonly stuckMsMax?: number;
}

export interface RedisLink {
  readonly run: RunScript;
  /** Runs a single command; rejects with RedisUnreachable. */
  readonly command: (name: string, ...args: readonly (string | number)[]) => Promise<unknown>;
  /** Returns a section of INFO of each server that holds data. */
  infos(section: string): Promise<readonly string[]>;
  /** Identifies the servers that hold the data; others may lack the last commands. Changes at a restart and a failover. */
  fingerprint(): Promise<string>;
  /** Puts a mark on every server that holds data. */
  readonly mark: (name: string, value: string) => Promise<void>;
  /** Reports whether every server still has the mark; one without it was emptied. */
  readonly isMarked: (name: string, value: string) => Promise<boolean>;
  isReady(): boolean;
  /** Registers a listener, called in the turn in which the connection is lost, and when it is ready again. */
  listen(listener: (isReady: boolean) => void): void;
  close(): void;
}

const STUCK_MS_MAX = 500;
const WATCH_EVERY_MS = 100;
const CONNECT_MS_MAX = 2_000;
const RETRY_MS_MAX = 1_000;
/** The most tags tried. Enough to find one in the slots of each of a hundred masters. */
const TAGS_MAX = 2_000;

/**
 * Connects. Throws UnusableRedis for errors that waiting cannot correct: a wrong password, a server that is too old or is not
 * Redis. Retries a server that is out of reach; meanwhile every command rejects.
 */
export async function openRedis(options: RedisLinkOptions): Promise<RedisLink> {
  const link = new Link(options);
  await link.begin();
  return link;
}

class Link implements RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #listeners: ((isReady: boolean) => void)[] = [];
  readonly #watch: NodeJS.Timeout;
  #client: Redis | Cluster;
  #runOn: RunScript;
  /** The slots of tags, which never change. */
  readonly #slots = new Map<string, number>();
  #isReady = false;
  #isClosed = false;
  #isFollowed = false;
  #isTold = true;
  #pending = 0;
  #waitingSinceMs = 0;
  #lookedMs = performance.now();
  /** The time since which a connection exists that is not ready; null if there is none. */
  #openingSinceMs: number | null = null;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    const tls = options.ca == null ? {} : { tls: { ca: options.ca } };
    this.#client = new Redis(options.url, { ...OPTIONS, ...tls, lazyConnect: true });
    this.#runOn = scriptRunner(this.#client);
    this.#watch = setInterval(() => this.#breakIfStuck(), WATCH_EVERY_MS).unref();
  }

  async begin(): Promise<void> {
    const single = this.#client as Redis;
    // Without a listener an error is an uncaught exception. The error that is thrown says only that the connection was closed.
    let why: unknown = null;
    single.on('error', (error: unknown) => {
      why = error;
    });
    try {
      await single.connect();
      const info = String(await single.info());
      this.#judge(info);
      if (/^cluster_enabled:1/m.test(info)) this.#becomeCluster(single);
    } catch (error) {
      const unusable = error instanceof UnusableRedis ? error : unusableFrom(why ?? error);
      if (unusable !== null) {
        this.close();
        throw unusable;
      }
      this.#options.onEvent({ is: 'lost', message: lostBy(why ?? error, this.#options.url) });
    }
    this.#follow();
  }

  readonly run: RunScript = (script, keys, args) => this.#asked(() => this.#runOn(script, keys, args));

  readonly command = (name: string, ...args: readonly (string | number)[]): Promise<unknown> =>
    this.#asked(() => this.#client.call(name, ...args));

  async infos(section: string): Promise<readonly string[]> {
    const nodes = this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
    return Promise.all(nodes.map((node) => this.#asked(async () => String(await node.info(section)))));
  }

  async fingerprint(): Promise<string> {
    const ids = (await this.infos('server')).map((info) => /^run_id:(\w+)/m.exec(info)?.[1] ?? '');
    return ids.sort().join(',');
  }

  readonly mark = async (name: string, value: string): Promise<void> => {
    const tags = await this.#tagOfEachServer();
    await Promise.all(tags.map((tag) => this.command('SET', `${name}{${tag}}`, value)));
  };

  readonly isMarked = async (name: string, value: string): Promise<boolean> => {
    const tags = await this.#tagOfEachServer();
    const found = await Promise.all(tags.map((tag) => this.command('GET', `${name}{${tag}}`)));
    return found.every((mark) => mark === value);
  };

  /** Returns a hash tag for each master, with its slot there; with a single server any tag will do. */
  async #tagOfEachServer(): Promise<readonly string[]> {
    if (!(this.#client instanceof Cluster)) return ['0'];
    const { slots } = this.#client;
    const masters = new Set(slots.flatMap((nodes) => nodes?.[0] ?? []));
    const tags = new Map<string, string>();
    for (let number = 0; tags.size < masters.size && number < TAGS_MAX; number += 1) {
      const tag = String(number);
      const node = slots[await this.#slotOf(tag)]?.[0];
      if (node !== undefined && !tags.has(node)) tags.set(node, tag);
    }
    return [...tags.values()];
  }

  async #slotOf(tag: string): Promise<number> {
    const known = this.#slots.get(tag);
    if (known !== undefined) return known;
    const slot = Number(await this.command('CLUSTER', 'KEYSLOT', tag));
    this.#slots.set(tag, slot);
    return slot;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  listen(listener: (isReady: boolean) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#listeners.length = 0;
    this.#client.disconnect();
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#isReady && this.#isFollowed) throw new RedisUnreachable('Redis cannot be reached');
    if (this.#pending === 0) this.#waitingSinceMs = performance.now();
    this.#pending += 1;
    try {
      return await ask();
    } catch (error) {
      throw new RedisUnreachable(error instanceof Error ? error.message : String(error));
    } finally {
      this.#pending -= 1;
      this.#waitingSinceMs = performance.now();
    }
  }

  #follow(): void {
    this.#isFollowed = true;
    const client = this.#client;
    client.on('connect', () => {
      this.#openingSinceMs = performance.now();
    });
    client.on('ready', () => {
      this.#openingSinceMs = null;
      this.#turn(true, 'Redis can be reached');
    });
    client.on('close', () => {
      this.#openingSinceMs = null;
      this.#turn(false, 'the connection to Redis was lost');
    });
    if (client.status === 'ready') this.#turn(true, 'Redis can be reached');
    // The first attempt failed: from here on the client retries by itself.
    else if (client instanceof Redis && client.status === 'end') client.connect().catch(() => {});
  }

  #turn(isReady: boolean, message: string): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    if (this.#isClosed) return; // We closed the connection: nobody needs to be warned.
    if (isReady !== this.#isTold) this.#options.onEvent({ is: isReady ? 'ready' : 'lost', message });
    this.#isTold = isReady;
    for (const listener of this.#listeners) listener(isReady);
  }

  #becomeCluster(single: Redis): void {
    const { host = '127.0.0.1', port = 6379, username, password, tls, db: _, ...rest } = single.options;
    single.disconnect();
    const auth = {
      ...(username == null ? {} : { username }),
      ...(password == null ? {} : { password }),
      ...(tls ? { tls } : {}),
    };
    const cluster = new Cluster([{ host, port }], {
      redisOptions: { ...OPTIONS, ...auth, connectTimeout: rest.connectTimeout ?? CONNECT_MS_MAX },
      enableOfflineQueue: false,
      retryDelayOnFailover: 50,
      maxRedirections: 3,
      slotsRefreshInterval: 2_000,
      clusterRetryStrategy: (times) => Math.min(RETRY_MS_MAX, 50 * times),
    });
    cluster.on('error', () => {});
    this.#client = cluster;
    this.#runOn = scriptRunner(cluster);
  }

  #judge(info: string): void {
    const version = /^redis_version:(\d+)\.(\d+)/m.exec(info);
    if (version === null) throw new UnusableRedis('the server at this address is not Redis or Valkey. Check the address.');
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major < 6 || (major === 6 && minor < 2))
      throw new UnusableRedis(`Redis ${major}.${minor} is too old. Use Redis 6.2 or later, or Valkey.`);
    const { policy, mayEvict } = memoryIn(info);
    if (mayEvict)
      this.#options.onEvent({
        is: 'warning',
        message: `Redis may evict counters (maxmemory-policy ${policy}), and each evicted counter must be read from the ledger again. Set maxmemory-policy to noeviction.`,
      });
  }

  /**
   * Breaks a connection without answers. Otherwise a server that hangs, or a network that drops packets, would keep requests
   * waiting for minutes.
   */
  #breakIfStuck(): void {
    const nowMs = performance.now();
    // This process itself was blocked: answers may be waiting to be read.
    if (nowMs - this.#lookedMs > 3 * WATCH_EVERY_MS) this.#waitingSinceMs = nowMs;
    this.#lookedMs = nowMs;
    const isStuck = this.#pending > 0 && nowMs - this.#waitingSinceMs >= (this.#options.stuckMsMax ?? STUCK_MS_MAX);
    const isNeverReady = this.#openingSinceMs !== null && nowMs - this.#openingSinceMs >= CONNECT_MS_MAX;
    if (!isStuck && !isNeverReady) return;
    const nodes = this.#client instanceof Cluster ? this.#client.nodes() : [this.#client];
    for (const node of nodes) (node as unknown as { stream?: { destroy(): void } }).stream?.destroy();
    this.#waitingSinceMs = nowMs;
    this.#openingSinceMs = null;
  }
}

const OPTIONS = {
  enableOfflineQueue: false,
  // A command without an answer when the connection broke may have been executed: the caller must know.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: CONNECT_MS_MAX,
  retryStrategy: (times: number) => Math.min(RETRY_MS_MAX, 50 * times),
  reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 1 : false),
  connectionName: 'headgate',
} satisfies RedisOptions;

/** Returns why there was no connection. A server without TLS says nothing to a client that begins with it. */
function lostBy(error: unknown, url: string): string {
  const isSilent = url.startsWith('rediss:') && Object(error).code === 'ETIMEDOUT';
  return isSilent ? 'the server does not answer; it may not speak TLS at this port' : String(error);
}

/** The code for a server that wants a certificate from the client (`tls-auth-clients yes`). */
const CERTIFICATE_REQUIRED = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';

/** Returns null if waiting may help. */
function unusableFrom(error: unknown): UnusableRedis | null {
  const failure = tlsFailure(error, 'HEADGATE_REDIS_CA_FILE');
  if (failure !== null) return new UnusableRedis(failure);
  if (Object(error).code === CERTIFICATE_REQUIRED)
    return new UnusableRedis('the server asks for a client certificate, which is not supported. Set tls-auth-clients no.');
  const message = error instanceof Error ? error.message : String(error);
  if (/^(NOAUTH|WRONGPASS|ERR AUTH|NOPERM)|invalid (username-)?password|invalid username/i.test(message))
    return new UnusableRedis('the server refuses the user name or password in the URL. Correct them.');
  if (/Protocol error|unexpected|Unknown RESP type|ERR unknown command/i.test(message))
    return new UnusableRedis('the server at this address is not Redis or Valkey. Check the address.');
  return null;
}
