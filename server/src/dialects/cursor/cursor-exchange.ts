import { whole } from '../../lib/pieces.ts';
import type { Exchange, ExchangeOptions, TranslatedRequest } from '../dialect.ts';
import { nativeExchange } from '../native/native-exchange.ts';
import { type Translation, translatedExchange, translatedRequest } from '../translated-exchange.ts';
import { responsesBody } from './cursor-body.ts';

/**
 * Returns the exchange of a Responses request whose answer is a chat completion. A provider of responses gets the request in its own
 * dialect, and only the answer is translated. Throws Untranslatable.
 */
export function cursorExchange(options: ExchangeOptions): Exchange {
  return translatedExchange({ ...options, translated: options.translated ?? cursorRequest(options) });
}

type Request = Translation & Pick<ExchangeOptions, 'body'>;

/** Returns the request of such an exchange. Throws Untranslatable. */
export function cursorRequest(options: Request): TranslatedRequest {
  if (options.upstream !== 'openai-responses') return translatedRequest(options);
  const { upstreamBody, dropped } = nativeExchange({
    ...options,
    client: 'openai-responses',
    body: responsesBody(options.body),
    ourBytes: null,
  });
  return { upstreamBody: whole(upstreamBody), dropped };
}
