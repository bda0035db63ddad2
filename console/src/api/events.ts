import { useEffect, useRef, useState } from 'react';

export type StreamState = 'off' | 'connecting' | 'live' | 'waiting';

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

interface EventsOptions {
  /** Below /api/v1, with its query; null: nothing is listened to. */
  readonly path: string | null;
  /** Name of the event whose data is wanted. */
  readonly event: string;
}

/**
 * Listens to a stream of the admin API for as long as the component is there, and comes back by itself when the way to the gateway breaks.
 * `onEvent` may change between renders without a new connection.
 */
export function useEvents<T>({ path, event }: EventsOptions, onEvent: (data: T) => void): StreamState {
  const [state, setState] = useState<StreamState>('off');
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    if (path === null) {
      setState('off');
      return;
    }
    return listen<T>(`/api/v1${path}`, event, (data) => latest.current(data), setState);
  }, [path, event]);
  return state;
}

/** Opens one stream; the function it returns ends it. */
function listen<T>(url: string, event: string, onData: (data: T) => void, onState: (state: StreamState) => void): () => void {
  let retryMs = RETRY_MS_MIN;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource;
  const open = () => {
    onState('connecting');
    source = new EventSource(url);
    source.onopen = () => {
      retryMs = RETRY_MS_MIN;
      onState('live');
    };
    source.addEventListener(event, (message) => onData(JSON.parse((message as MessageEvent<string>).data) as T));
    // The browser gives up at an error status, so the next try is ours, each later than the one before.
    source.onerror = () => {
      source.close();
      onState('waiting');
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** A query string from texts; what is undefined or empty is left out. */
export function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
