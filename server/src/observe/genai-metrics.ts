import type { Attributes, Meter } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_TOKEN_TYPE,
  GEN_AI_TOKEN_TYPE_VALUE_INPUT,
  GEN_AI_TOKEN_TYPE_VALUE_OUTPUT,
  METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
  METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
  METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
} from '@opentelemetry/semantic-conventions/incubating';

/** The facts of one finished attempt. */
export interface AttemptFacts {
  readonly operation: string;
  readonly provider: string;
  /** The provider's own name of the model, as configured; never a caller's text. */
  readonly model: string;
  readonly seconds: number;
  /** The time until the first bytes of a stream; null if the answer was not a stream or never began. */
  readonly firstChunkSeconds: number | null;
  readonly tokens: { readonly input: number; readonly output: number } | null;
  readonly errorType: string | null;
}

export interface GenAiMetrics {
  attempt(facts: AttemptFacts): void;
}

/** Bucket bounds from the OpenTelemetry conventions: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

/** Creates the metrics. Their cardinality is that of the configured deployments; the library stops at 2,000 combinations. */
export function createGenAiMetrics(meter: Meter): GenAiMetrics {
  const duration = meter.createHistogram(METRIC_GEN_AI_CLIENT_OPERATION_DURATION, {
    description: 'Duration of one attempt at a provider.',
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const firstChunk = meter.createHistogram(METRIC_GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK, {
    description: 'Time until the first bytes of a streamed answer.',
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS },
  });
  const usage = meter.createHistogram(METRIC_GEN_AI_CLIENT_TOKEN_USAGE, {
    description: 'Tokens of one attempt, as the provider reported or we estimated them.',
    unit: '{token}',
    advice: { explicitBucketBoundaries: TOKENS },
  });
  return {
    attempt({ operation, provider, model, seconds, firstChunkSeconds, tokens, errorType }) {
      const whose: Attributes = {
        [ATTR_GEN_AI_OPERATION_NAME]: operation,
        [ATTR_GEN_AI_PROVIDER_NAME]: provider,
        [ATTR_GEN_AI_REQUEST_MODEL]: model,
      };
      duration.record(seconds, errorType === null ? whose : { ...whose, [ATTR_ERROR_TYPE]: errorType });
      if (firstChunkSeconds !== null) firstChunk.record(firstChunkSeconds, whose);
      if (tokens === null) return;
      usage.record(tokens.input, { ...whose, [ATTR_GEN_AI_TOKEN_TYPE]: GEN_AI_TOKEN_TYPE_VALUE_INPUT });
      usage.record(tokens.output, { ...whose, [ATTR_GEN_AI_TOKEN_TYPE]: GEN_AI_TOKEN_TYPE_VALUE_OUTPUT });
    },
  };
}
