/** A house whose provider and whose time are played by hand, for what depends on when things happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddingWire, RerankWire, ServerWire } from '../../src/dialects/dialect.ts';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import type { KeyConfig, OrganizationConfig } from '../../src/domain/tenancy/tenancy.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { type HandTime, handTime } from './hand-time.ts';
import { type PlayedCall, type PlayedProvider, playedProvider } from './played-provider.ts';
import { budget } from './policies.ts';
import { type AskOptions, deployment, model, openHouse, type Said, type WalkHouse } from './walk.ts';

export const PLENTY = 1e12;
/** 1 USD and 10 USD for a million tokens. */
export const PRICES = [{ id: 'price_1', effectiveFromMs: 0, perMillion: { input: 1e9, output: 1e10 } }];
export const HELLO = { model: 'fast', max_tokens: 50_000, stream: true, messages: [{ role: 'user', content: 'hello' }] };

export interface Scene {
  readonly played: PlayedProvider;
  readonly time: HandTime;
  readonly house: WalkHouse;
}

export interface Setting {
  readonly isBudgeted?: boolean;
  readonly speaks?: ServerWire | EmbeddingWire | RerankWire;
  readonly deployment?: Partial<DeploymentConfig>;
  /** Deployments that are asked when the first failed. */
  readonly others?: readonly Partial<DeploymentConfig>[];
  readonly key?: Partial<KeyConfig>;
  readonly organization?: Partial<OrganizationConfig>;
  readonly cacheSeconds?: number;
}

export async function openScene(setting: Setting = {}): Promise<Scene> {
  const { isBudgeted = true, speaks = 'openai-chat', deployment: first = {}, others = [], key = {}, organization = {} } = setting;
  const cached = setting.cacheSeconds === undefined ? {} : { cacheSeconds: setting.cacheSeconds };
  const played = playedProvider(speaks);
  const time = handTime();
  const deployments = [first, ...others].map((more, priority) =>
    deployment({ id: `dep_${priority + 1}`, prices: PRICES, maxOutputTokens: null, priority, ...more }),
  );
  const house = await openHouse({
    provider: played.provider,
    clock: time.clock,
    gateway: { after: time.after },
    targets: [model('fast', deployments, { mode: first.mode ?? 'chat', ...cached })],
    key: { ...(isBudgeted ? { budgets: [budget(PLENTY)] } : {}), ...key },
    organization,
  });
  return { played, time, house };
}

export interface Asking {
  /** The next call that the provider gets. */
  readonly call: Promise<PlayedCall>;
  readonly said: Promise<Said>;
  /** Hangs up. */
  leave(): Promise<void>;
  /** The row of this question, once it is written; `behind` so many others that were written since it was asked. */
  row(behind?: number): Promise<EndRecord>;
}

/** Asks, and returns before there is an answer. One question at a time, or rows are taken for each other's. */
export function asking({ house, played }: Scene, body: object = HELLO, options: AskOptions = {}): Asking {
  let leave: () => void = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const rows = house.rows.length;
  const call = played.call(played.calls.length);
  // A request that is refused makes none. Whoever awaits the call is told so.
  call.catch(() => {});
  return {
    said: house.ask(body, { hangUpWhen: left, ...options }),
    call,
    leave: async () => {
      leave();
      await sleep(0);
    },
    row: async (behind = 0) => {
      for (let turns = 0; house.rows.length <= rows + behind; turns += 1) {
        if (turns > 2_000) throw new Error('no row was written');
        await sleep(1);
      }
      return house.rows[rows + behind] as EndRecord;
    },
  };
}

const bytesOf = (body: object) => Buffer.byteLength(JSON.stringify(body));
/** What token limits hold of its input, and what money is held for. */
export const inputOf = (body: object) => Math.ceil(bytesOf(body) / 4);
export const inputHeldOf = (body: object) => bytesOf(body) + 512;
export const nanoUsd = (input: number, output: number) => input * 1_000 + output * 10_000;
