import { describe, expect, it } from 'vitest';
import { handTime } from '../../test/support/hand-time.ts';
import { listener } from '../../test/support/upstream.ts';
import type { UpstreamCall } from '../upstream/call.ts';
import { callWithToken } from './deferred-call.ts';
import { type FetchedToken, keepToken, TokenFailure } from './kept-token.ts';

function world() {
  const time = handTime();
  let answer: (fetched: FetchedToken<string>) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const token = keepToken<string>({
    clock: time.clock,
    after: time.after,
    fetch: () =>
      new Promise((resolve, reject) => {
        [answer, fail] = [resolve, reject];
      }),
  });
  const begun: string[] = [];
  const acts: string[] = [];
  const inner = { sent: true, abort: () => acts.push('abort'), resume: () => acts.push('resume') };
  const noted = (issued: string): UpstreamCall => {
    begun.push(issued);
    return inner;
  };
  const call = (sink = listener(), begin = noted) => ({
    sink,
    call: callWithToken(token, sink, { timeoutMs: 3_000, after: time.after }, begin),
  });
  const issue = async () => {
    answer({ token: 'T', lastsMs: 3_600_000 });
    await settled();
  };
  const refuse = async () => {
    fail(new TokenFailure('the token endpoint answered 503'));
    await settled();
  };
  return { time, begun, acts, inner, call, issue, refuse };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a call with a token', () => {
  it('begins at once with a token that is there, and is the call itself', async () => {
    const { call, issue, begun, inner } = world();
    call();
    await issue();
    const second = call();
    expect(begun).toEqual(['T', 'T']);
    expect(second.call).toBe(inner);
  });

  it('begins when its token is there. Until then nothing is sent', async () => {
    const { call, issue, begun, acts } = world();
    const one = call();
    one.call.resume();
    expect(one.call.sent).toBe(false);
    expect(begun).toEqual([]);
    await issue();
    expect(begun).toEqual(['T']);
    expect(one.call.sent).toBe(true);
    one.call.resume();
    one.call.abort();
    expect(acts).toEqual(['resume', 'abort']);
  });

  it('that is aborted before its token is there never begins, and reports nothing', async () => {
    const { call, issue, begun, time } = world();
    const one = call();
    one.call.abort();
    await issue();
    time.pass(60_000);
    await settled();
    one.call.abort();
    expect(begun).toEqual([]);
    expect(one.sink.ends).toBe(0);
    expect(one.call.sent).toBe(false);
  });

  it('fails as not connected and not sent, after the caller has its handle, also if the failure is known already', async () => {
    const { call, refuse, begun } = world();
    const first = call();
    await refuse();
    const second = call();
    expect(second.sink.ends).toBe(0);
    await settled();
    for (const { sink } of [first, second]) {
      expect(sink.ends).toBe(1);
      expect(sink.failure).toMatchObject({ kind: 'not_connected', sent: false });
      expect(sink.failure?.message).toBe('there is no token for the provider: the token endpoint answered 503');
    }
    expect(begun).toEqual([]);
  });

  it('that is aborted in the turn in which its failure is known reports nothing', async () => {
    const { call, refuse } = world();
    call();
    await refuse();
    const second = call();
    second.call.abort();
    await settled();
    expect(second.sink.ends).toBe(0);
  });

  it('waits no longer than its own timeout, and then does not begin with a token that comes late', async () => {
    const { call, issue, begun, time } = world();
    const one = call();
    time.pass(3_000);
    expect(one.sink.failure).toMatchObject({ kind: 'not_connected', sent: false, message: 'no token was issued within 3000 ms' });
    await issue();
    expect(begun).toEqual([]);
    expect(one.sink.ends).toBe(1);
  });

  it('that cannot begin fails alone: other calls that waited begin', async () => {
    const { call, issue, begun } = world();
    const bad = call(listener(), () => {
      throw new Error('CANARY');
    });
    call();
    await issue();
    expect(bad.sink.failure).toMatchObject({ kind: 'not_connected', sent: false, message: 'the call could not begin' });
    expect(begun).toEqual(['T']);
  });
});
