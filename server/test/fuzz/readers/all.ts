import { addresses } from './addresses.ts';
import { bodies } from './bodies.ts';
import { csv } from './csv.ts';
import { events } from './events.ts';
import { http } from './http.ts';
import type { ReaderFuzz } from './reader.ts';

/** Every reader of what strangers send, by its name. */
export const READERS: readonly ReaderFuzz[] = [http(), bodies(), events(), addresses(), csv()];
