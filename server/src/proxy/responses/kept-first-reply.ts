import type { Reply } from '../../http/request-reply.ts';
import type { Gateway } from '../gateway.ts';
import type { StoredSide } from './continued.ts';

/** The longest wait for the items of a conversation to be stored. The answer then ends all the same. */
const KEPT_MS_MAX = 1_000;

/**
 * The reply of a request that adds to a conversation. Its answer ends once the items are stored, so that the next request finds them,
 * whichever process gets it: a conversation that lacks its last turn would be continued without a word.
 */
export class KeptFirstReply implements Reply {
  readonly #client: Reply;
  readonly #side: StoredSide;
  readonly #gateway: Pick<Gateway, 'after'>;

  constructor(client: Reply, side: StoredSide, gateway: Pick<Gateway, 'after'>) {
    this.#client = client;
    this.#side = side;
    this.#gateway = gateway;
  }

  get gone(): boolean {
    return this.#client.gone;
  }

  head(status: number, headers: string[]): void {
    this.#client.head(status, headers);
  }

  chunk(bytes: Buffer): boolean {
    return this.#client.chunk(bytes);
  }

  end(bytes: Buffer | null): void {
    const { kept } = this.#side;
    if (kept === null) {
      this.#client.end(bytes);
      return;
    }
    let isEnded = false;
    const end = () => {
      if (isEnded) return;
      isEnded = true;
      cancel();
      this.#client.end(bytes);
    };
    const cancel = this.#gateway.after(KEPT_MS_MAX, end);
    void kept.then(end);
  }

  destroy(): void {
    this.#client.destroy();
  }

  onGone(callback: () => void): void {
    this.#client.onGone(callback);
  }

  onDrained(callback: () => void): void {
    this.#client.onDrained(callback);
  }
}
