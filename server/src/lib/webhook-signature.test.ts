import { describe, expect, test } from 'vitest';
import { newWebhookSecret, signatureHeaders } from './webhook-signature.ts';

/** The vector that the specification and the test suites of its libraries publish. */
const PUBLISHED = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  message: { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', sentAtMs: 1_614_265_330_000, body: '{"test": 2432232314}' },
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
/** By OpenSSL: `printf '%s' "$id.$seconds.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64`. */
const BEYOND_ASCII = {
  secret: `whsec_${Buffer.alloc(32, 0xfb).toString('base64')}`,
  message: { id: 'evt_1', sentAtMs: 1_700_000_000_999, body: '{"name":"Zoë – 東京 🚂"}' },
  signature: 'v1,li2tIw47LAyXBTeOsHZXsUh/EcNPGgGPUmR6BFYOk8s=',
};

describe('the signature of a webhook', () => {
  test.each([PUBLISHED, BEYOND_ASCII])('is the one that others compute: $signature', ({ secret, message, signature }) => {
    expect(signatureHeaders([secret], message)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': String(Math.floor(message.sentAtMs / 1_000)),
      'webhook-signature': signature,
    });
  });

  test('is there once for each secret, in their order', () => {
    const other = newWebhookSecret((size) => Buffer.alloc(size, 1));
    const { message, secret, signature } = PUBLISHED;
    const both = String(signatureHeaders([other, secret], message)['webhook-signature']).split(' ');
    expect(both).toEqual([expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/), signature]);
    expect(both[0]).not.toBe(signature);
  });

  test('changes with the id, the second and the body', () => {
    const { message, secret, signature } = PUBLISHED;
    const changed = [{ id: 'msg_other' }, { sentAtMs: message.sentAtMs + 1_000 }, { body: '{"test": 2432232315}' }];
    for (const change of changed)
      expect(signatureHeaders([secret], { ...message, ...change })['webhook-signature']).not.toBe(signature);
  });
});
