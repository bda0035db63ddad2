import { SocketDouble } from '../support/socket-double.ts';

/** A connection without a network: what is fed arrives at once and in the same pieces, and what is written is kept. */
export class MemorySocket extends SocketDouble {
  readonly remoteAddress = '127.0.0.1';
  said = '';
  fedBytes = 0;
  /** How many of the fed bytes were read when the rest was put back; null while nothing was. */
  putBackAt: number | null = null;
  /** For who reads what is written as it comes. */
  onSaid: (() => void) | null = null;

  constructor() {
    super({ allowHalfOpen: true });
    this.on('error', () => {});
  }

  feed(piece: Buffer): void {
    this.fedBytes += piece.length;
    if (!this.destroyed && !this.readableEnded) this.push(piece);
  }

  override unshift(bytes: Buffer): void {
    this.putBackAt ??= this.fedBytes - bytes.length;
    super.unshift(bytes);
  }

  hangUp(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.said += bytes.toString('latin1');
    done();
    this.onSaid?.();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
}
