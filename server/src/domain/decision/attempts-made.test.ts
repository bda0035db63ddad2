import { describe, expect, test } from 'vitest';
import { type AttemptRecord, attemptsText } from '../usage/attempt.ts';
import { type AttemptFacts, attemptsMade, attemptsWords, tenantsAttempts } from './attempts-made.ts';

const ROW: AttemptFacts = {
  attempts: 1,
  status: 'succeeded',
  httpStatus: 200,
  stream: false,
  deploymentId: 'dep_1',
  gatewayUs: 2_000,
  providerMs: 450,
  tried: null,
  answeredBy: { provider: 'openai', upstreamModel: 'gpt-5' },
};
const FAILED: AttemptRecord = {
  ...{ deploymentId: 'dep_1', provider: 'openai', upstreamModel: 'gpt-5', startedMs: 3, tookMs: 40, result: 'error' },
  ...{ status: 503, code: 'unavailable', message: 'Overloaded', next: 'retried', nextReason: 'only_candidate', waitMs: 150 },
  notTried: [],
  dropped: [],
};
const LAST: AttemptRecord = { ...FAILED, next: 'ended', nextReason: 'no_candidate_left', waitMs: null };
const ANSWERED: AttemptRecord = { ...LAST, result: 'answered', status: 200, code: null, message: null, nextReason: null };
const broken = (nextReason: string): AttemptRecord => ({
  ...LAST,
  result: 'broken',
  status: 200,
  code: 'reset',
  message: null,
  nextReason,
});
const cancelled = (code: string): AttemptRecord => ({ ...LAST, result: 'cancelled', status: null, code, message: null });

describe('the attempts of a row', () => {
  test.each<[string, Partial<AttemptFacts>, unknown]>([
    [
      'that one attempt answered are derived',
      {},
      [{ attempt: 1, deployment_id: 'dep_1', result: 'answered', took_ms: 450, status: 200 }],
    ],
    ['that a stream answered last as long as the stream', { stream: true }, [{ result: 'answered', took_ms: 452 }]],
    ['that was charged an estimate are derived too', { status: 'estimated' }, [{ result: 'answered', upstream_model: 'gpt-5' }]],
    [
      'whose process died say that',
      { status: 'estimated', httpStatus: 0 },
      [{ result: 'cancelled', code: 'gateway_stopped', status: null, took_ms: 0 }],
    ],
    ['without attempts are none', { attempts: 0, status: 'refused', deploymentId: null }, []],
    ['that the gateway answered are none', { attempts: 0, tried: '' }, []],
    ['of an earlier version that failed are not known', { status: 'failed', deploymentId: null }, null],
    ['of an earlier version whose stream broke are not known', { status: 'failed' }, null],
    ['of an earlier version with a fallback are not known', { attempts: 2 }, null],
    ['whose upstream nobody knows are not known', { answeredBy: null }, null],
    ['that are damaged are not known', { tried: 'dep_1' }, null],
    [
      'that are listed are numbered',
      { attempts: 2, tried: [FAILED, ANSWERED] },
      [
        { attempt: 1, result: 'error', status: 503, message: 'Overloaded', next: 'retried', wait_ms: 150 },
        { attempt: 2, result: 'answered', next: 'ended', next_reason: null },
      ],
    ],
  ])('%s', (_name, more, expected) => {
    const made = attemptsMade({ ...ROW, ...more });
    if (expected === null) expect(made).toBeNull();
    else {
      expect(made).toMatchObject(expected as object);
      expect(made).toHaveLength((expected as unknown[]).length);
    }
  });

  test('read the same from memory and from the row', () => {
    const tried = [FAILED, { ...LAST, notTried: [{ deploymentId: 'dep_2', reason: 'cooling_down' }] } as const];
    expect(attemptsMade({ ...ROW, tried: attemptsText(tried) })).toEqual(attemptsMade({ ...ROW, tried }));
  });

  test('do not tell a tenant what the provider said about the operator’s account', () => {
    const said = (code: string): AttemptRecord => ({ ...LAST, code, message: 'org-acme has no credit' });
    const made = attemptsMade({ ...ROW, tried: [said('quota'), said('credential'), said('unavailable')] });
    expect(tenantsAttempts(made)?.map(({ message }) => message)).toEqual([null, null, 'org-acme has no credit']);
    expect(tenantsAttempts(null)).toBeNull();
  });
});

describe('what the attempts came to', () => {
  const failed = { status: 'failed', code: 'provider_error' };
  const succeeded = { status: 'succeeded', code: null };
  const gone = { status: 'cancelled', code: null };
  test.each<[{ status: string; code: string | null; deploymentId?: null }, readonly AttemptRecord[] | null, string | null]>([
    [succeeded, [ANSWERED], null],
    [failed, [LAST], 'the attempt at openai/gpt-5 failed: it said 503 (“Overloaded”)'],
    [
      failed,
      [FAILED, FAILED, { ...LAST, result: 'failed', code: 'timeout', message: null }],
      'three attempts failed: the last, at openai/gpt-5, did not answer in time',
    ],
    [succeeded, [], null],
    [{ ...succeeded, deploymentId: null }, [], 'a kept answer was given again, at no cost'],
    [succeeded, [FAILED, FAILED, ANSWERED], 'two attempts failed, and then openai/gpt-5 answered'],
    [succeeded, [{ ...LAST, nextReason: 'answered_here' }], 'one attempt failed, and then the gateway answered'],
    [failed, [broken('answer_begun')], 'the attempt at openai/gpt-5 failed: it began to answer and broke off'],
    [gone, [cancelled('client_gone')], 'the client hung up'],
    [gone, [FAILED, cancelled('gateway_stopped')], 'one attempt failed, and then the gateway stopped'],
    [
      gone,
      [{ ...LAST, nextReason: 'client_gone' }],
      'the attempt at openai/gpt-5 failed: it said 503 (“Overloaded”), and then the client hung up',
    ],
    [gone, [ANSWERED], 'the client hung up before it had the answer of openai/gpt-5'],
    [gone, [], 'the client hung up before an attempt was made'],
    [{ status: 'failed', code: 'service_unavailable' }, [], 'no attempt was made (service_unavailable)'],
    [failed, [{ ...LAST, code: 'quota', status: 429 }], 'the attempt at openai/gpt-5 failed: it said 429'],
    [failed, null, 'it failed after three attempts, of which no more is known'],
    [succeeded, null, null],
  ])('%j with %j: %s', (row, tried, words) => {
    const made = tried === null ? null : attemptsMade({ ...ROW, tried });
    expect(attemptsWords(row, made, 3)).toBe(words);
  });
});
