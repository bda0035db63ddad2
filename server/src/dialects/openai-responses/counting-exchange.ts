/** Counts the input of a Responses request at a provider that counts Anthropic's messages. */
import { cloudRequest } from '../anthropic-messages/cloud-request.ts';
import { encodeMessagesRequest } from '../anthropic-messages/encode-request.ts';
import { type Exchange, type ExchangeOptions, type JsonObject, type TranslatedRequest, UnreadableAnswer } from '../dialect.ts';
import { countAnswer } from '../estimate.ts';
import { FEATURE_NAMES } from '../feature-names.ts';
import { isObject, parseJson } from '../json.ts';
import { Losses, NOTHING_DROPPED } from '../losses.ts';
import { wholeFacts } from '../native/whole.ts';
import type { Translation } from '../translated-exchange.ts';
import { decodeResponsesRequest } from './decode-request.ts';

/** Returns the exchange of such a count. Throws Untranslatable. */
export function countingExchange(options: ExchangeOptions): Exchange {
  return {
    ...(options.translated ?? countingRequest(options)),
    whole: (bytes) => {
      const facts = wholeFacts('anthropic-count-tokens', bytes);
      const json = parseJson(bytes.toString('utf8'));
      if (!isObject(json) || !Number.isSafeInteger(json.input_tokens))
        throw new UnreadableAnswer('the provider did not answer with a number of tokens');
      return { bytes: Buffer.from(JSON.stringify(countAnswer(options.client, json.input_tokens as number))), facts };
    },
    stream: () => {
      throw new Error('a count of tokens is never streamed');
    },
  };
}

/** The fields of a message that can be counted. All others are refused by the endpoint. */
const COUNTED = ['model', 'system', 'messages', 'tools', 'tool_choice', 'thinking'] as const;

/** Returns the request to count. What is dropped from it does not change the count. Throws Untranslatable. */
export function countingRequest({
  body,
  upstreamModel,
  maxOutputTokens,
  ...options
}: Translation & Pick<ExchangeOptions, 'body'>): TranslatedRequest {
  const losses = new Losses({ names: FEATURE_NAMES['openai-responses'], isStrict: false });
  const request = encodeMessagesRequest(decodeResponsesRequest({ ...body, input: body.input ?? [] }, losses), {
    upstreamModel,
    stream: false,
    outputCap: null,
    outputCapDefault: maxOutputTokens ?? CAP_FOR_THINKING,
    capField: 'max_completion_tokens',
    losses,
  });
  const counted: JsonObject = {};
  for (const name of COUNTED) if (request[name] !== undefined) counted[name] = request[name];
  return { upstreamBody: Buffer.from(JSON.stringify(cloudRequest(counted, options))), dropped: NOTHING_DROPPED };
}

/** A budget for thinking is derived from a cap, which the count itself does not have. */
const CAP_FOR_THINKING = 4096;
