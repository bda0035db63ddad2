import { expect, test } from 'vitest';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Provider, ProviderRequest } from '../../providers/provider.ts';
import { readOpenAiError } from '../../providers/read-error.ts';
import { UpstreamFailure, type UpstreamSink } from '../../upstream/call.ts';
import { createSecretChoice } from '../deployments/secret-choice.ts';
import { openWithSecrets } from './two-secrets-call.ts';

const OLDER: CredentialConfig = { id: 'cred_1', provider: 'openai', baseUrl: null, apiKey: 'sk-older', secretId: 'older' };
const UNTIL_MS = 10_000;
const NEWER: CredentialConfig = {
  ...OLDER,
  apiKey: 'sk-newer',
  secretId: 'newer',
  other: { credential: OLDER, untilMs: UNTIL_MS },
};

function site(credential: CredentialConfig = NEWER) {
  const time = { ms: 0 };
  const told: string[] = [];
  const secrets = createSecretChoice({ nowMs: () => time.ms, monotonicMs: () => time.ms }, (id, secret) =>
    told.push(`${id} ${secret}`),
  );
  const deployment = Object.freeze({ id: 'dep_1', credential, upstreamModel: 'm' }) as DeploymentConfig;
  const calls: { key: string; deployment: DeploymentConfig; sink: UpstreamSink; aborted: boolean }[] = [];
  const provider: Provider = {
    name: 'openai',
    wireFor: () => 'openai-chat',
    open: (request, sink) => {
      const call = { key: request.deployment.credential?.apiKey ?? '', deployment: request.deployment, sink, aborted: false };
      calls.push(call);
      return { sent: true, abort: () => Object.assign(call, { aborted: true }), resume: () => {} };
    },
    readError: readOpenAiError,
  };
  const open = () => {
    const heard: string[] = [];
    const sink: UpstreamSink = {
      head: (status) => void heard.push(`head ${status}`),
      data: (chunk) => {
        heard.push(`data ${chunk.length}`);
        return true;
      },
      end: () => void heard.push('end'),
      failed: ({ kind }) => void heard.push(`failed ${kind}`),
    };
    const request: ProviderRequest = {
      deployment,
      wire: 'openai-chat',
      body: Buffer.from('{}'),
      stream: false,
      forward: [],
      query: '',
    };
    return { call: openWithSecrets(provider, request, sink, secrets), heard, own: calls.at(-1) as (typeof calls)[number] };
  };
  return { open, calls, told, time };
}

const says = (sink: UpstreamSink, status: number, body = '{"error":{"message":"no"}}') => {
  sink.head(status, {});
  sink.data(Buffer.from(body));
  sink.end();
};

for (const status of [401, 403])
  test(`a ${status} of the newer secret is answered by a call with the older one, and the next call begins with that`, () => {
    const { open, calls, told } = site();
    const first = open();
    says(first.own.sink, status);
    expect([first.heard, calls.map(({ key }) => key)]).toEqual([[], ['sk-newer', 'sk-older']]);
    says((calls[1] as (typeof calls)[number]).sink, 200, '{}');
    expect(first.heard).toEqual(['head 200', 'data 2', 'end']);
    const next = open();
    expect(next.own.key).toBe('sk-older');
    // The same object, so that what a provider prepares for it is prepared once.
    expect(next.own.deployment).toBe(calls[1]?.deployment);
    expect(told).toEqual(['cred_1 older']);
    says(next.own.sink, 401);
    expect(calls.at(-1)?.key).toBe('sk-newer');
    says(calls.at(-1)?.sink as UpstreamSink, 200, '{}');
    expect(open().own.key).toBe('sk-newer');
  });

test('each secret is tried once: two refusals are the answer, and nothing is remembered', () => {
  const { open, calls, told } = site();
  const { heard } = open();
  says(calls[0]?.sink as UpstreamSink, 401);
  says(calls[1]?.sink as UpstreamSink, 401);
  expect([heard, calls.length]).toEqual([['head 401', 'data 26', 'end'], 2]);
  expect([open().own.key, told]).toEqual(['sk-newer', []]);
});

test.each([400, 404, 429, 500, 529])('an error that does not refuse the secret is passed on as it came: %i', (status) => {
  const { open, calls } = site();
  const { heard, own } = open();
  says(own.sink, status);
  expect([heard, calls.length]).toEqual([[`head ${status}`, 'data 26', 'end'], 1]);
});

test('an answer is passed on piece by piece', () => {
  const { open } = site();
  const { heard, own } = open();
  own.sink.head(200, {});
  expect(heard).toEqual(['head 200']);
  own.sink.data(Buffer.from('x'));
  expect(heard).toEqual(['head 200', 'data 1']);
});

test('after its time the older secret is neither tried nor presented', () => {
  const { open, calls, time } = site();
  says(open().own.sink, 401);
  says(calls[1]?.sink as UpstreamSink, 200, '{}');
  time.ms = UNTIL_MS;
  const late = open();
  expect(late.own.key).toBe('sk-newer');
  says(late.own.sink, 401);
  expect(late.heard).toEqual(['head 401', 'data 26', 'end']);
});

test('an issuer of tokens that refuses the secret counts like a 401, another failure does not', () => {
  const { open, calls } = site();
  const refused = open();
  refused.own.sink.failed(new UpstreamFailure('not_connected', { sent: false, message: 'invalid client', refusesSecret: true }));
  expect([refused.heard, calls.map(({ key }) => key)]).toEqual([[], ['sk-newer', 'sk-older']]);
  says(calls[1]?.sink as UpstreamSink, 200, '{}');
  const failed = open();
  failed.own.sink.failed(new UpstreamFailure('reset', { sent: true, message: 'gone' }));
  expect(failed.heard).toEqual(['failed reset']);
});

test('an error that is cut off at 64 KiB or by the connection is judged by what arrived', () => {
  const { open, calls } = site();
  const long = open();
  long.own.sink.head(401, {});
  long.own.sink.data(Buffer.alloc(70_000, 0x20));
  expect([long.own.aborted, calls.at(-1)?.key, long.heard]).toEqual([true, 'sk-older', []]);
  const broken = open();
  broken.own.sink.head(500, {});
  broken.own.sink.data(Buffer.from('x'));
  broken.own.sink.failed(new UpstreamFailure('reset', { sent: true, message: 'gone' }));
  expect(broken.heard).toEqual(['head 500', 'data 1', 'failed reset']);
});

test('whoever ends the call ends the one that is under way', () => {
  const { open, calls } = site();
  const { call, own } = open();
  says(own.sink, 401);
  call.abort();
  expect(calls.map(({ aborted }) => aborted)).toEqual([false, true]);
});

test('a credential with one secret is called as before, with nothing in between', () => {
  const { open, calls } = site(OLDER);
  const { heard, own } = open();
  says(own.sink, 401);
  expect([heard, calls.length]).toEqual([['head 401', 'data 26', 'end'], 1]);
});

test('a switch is told at most once a minute', () => {
  const { open, calls, told, time } = site();
  for (let at = 0; at < 20; at += 1) {
    says(open().own.sink, 401);
    says(calls.at(-1)?.sink as UpstreamSink, 200, '{}');
    time.ms += 400;
  }
  expect(told).toEqual(['cred_1 older']);
});
