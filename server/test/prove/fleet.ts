/** Several gateways that serve one database and count together in one Redis, as a company runs them. */
import { randomBytes } from 'node:crypto';
import { newAdminToken } from '../../src/lib/secrets.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { hasRedis, type RedisKind, startRedis, type TestRedis } from '../support/redis.ts';
import { type Gateway, type GatewayOptions, type Settings, startGateway, temporaryDirectory } from './gateway.ts';

export interface Fleet {
  readonly replicas: readonly Gateway[];
  readonly redis: TestRedis;
  readonly postgres: TestPostgres;
  /** How replica `index` is started, so that another can take its place on the same data directory. */
  optionsOf(index: number): GatewayOptions;
  /** Starts it again on what it left behind, from this repository or from `cwd`. */
  restart(index: number, cwd?: string): Promise<Gateway>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly size?: number;
  readonly kind?: RedisKind;
  /** Another's, which it keeps; one of its own unless given. */
  readonly postgres?: { readonly url: string };
  readonly env?: Settings;
  /** Of one replica beside the others. */
  readonly envOf?: (index: number, at: { readonly databaseUrl: string; readonly redisUrl: string }) => Settings;
  /** Called before the first replica starts. */
  readonly prepare?: (at: { readonly databaseUrl: string; readonly redisPort: number }) => Promise<void>;
  /** Where the program is: this repository unless given. */
  readonly cwd?: string;
  readonly commandOf?: (index: number) => readonly [string, ...string[]] | undefined;
}

/** Null where PostgreSQL or Redis is missing. The replicas start one after the other, as in a rolling deployment. */
export async function startFleet({
  size = 3,
  kind = 'Redis',
  postgres: given,
  env = {},
  envOf,
  prepare,
  cwd,
  commandOf,
}: FleetOptions = {}): Promise<Fleet | null> {
  if (!hasRedis(kind)) return null;
  const postgres = given === undefined ? await startPostgres() : { ...given, stop: async () => {} };
  if (postgres === null) return null;
  const redis = await startRedis(kind);
  await prepare?.({ databaseUrl: postgres.url, redisPort: redis.ports[0] as number });
  const adminToken = newAdminToken();
  const masterKey = randomBytes(32).toString('base64');
  const directories = Array.from({ length: size }, temporaryDirectory);
  const optionsOf = (index: number): GatewayOptions => {
    const command = commandOf?.(index);
    return {
      adminToken,
      dataDir: directories[index] as string,
      env: {
        DATABASE_URL: postgres.url,
        REDIS_URL: redis.url,
        HEADGATE_MASTER_KEY: masterKey,
        ...env,
        ...envOf?.(index, { databaseUrl: postgres.url, redisUrl: redis.url }),
      },
      ...(command === undefined ? {} : { command }),
    };
  };
  const replicas: Gateway[] = [];
  const stop = async () => {
    await Promise.all(replicas.map((replica) => replica.stop().catch(() => replica.kill())));
    await redis.stop();
    await postgres.stop();
  };
  try {
    for (let index = 0; index < size; index += 1) replicas.push(await startGateway(from(cwd, optionsOf(index))));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    replicas,
    redis,
    postgres,
    optionsOf,
    restart: async (index, cwd) => {
      const port = String((replicas[index] as Gateway).port);
      const { env: its, ...rest } = optionsOf(index);
      const again = await startGateway(from(cwd, { ...rest, env: { ...its, HEADGATE_PORT: port } }));
      replicas[index] = again;
      return again;
    },
    stop,
  };
}

function from(cwd: string | undefined, options: GatewayOptions): GatewayOptions {
  return cwd === undefined ? options : { ...options, cwd };
}
