/** The largest event. It may hold a whole image or a large document. A larger one is a fault of the provider. */
export const EVENT_BYTES_MAX = 16 * 1024 * 1024;

export const ENDED_EARLY = 'the provider ended the stream before the answer was complete';
