import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** Listens on a free port of the loopback address and returns it. */
export async function listenOn(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Sends the pieces on one connection, a turn apart; returns how many answers came until all had, or nothing came for two seconds. */
export async function exchangeOverNetwork(port: number, pieces: readonly Buffer[], answersWanted: number): Promise<number> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let said = '';
  const answers = () => said.match(/HTTP\/1\.1 200/g)?.length ?? 0;
  socket.on('error', () => {});
  const heard = new Promise<void>((resolve) => {
    socket.setTimeout(2_000, resolve);
    socket.on('close', () => resolve());
    socket.on('data', (bytes) => {
      said += bytes.toString('latin1');
      if (answers() >= answersWanted) resolve();
    });
  });
  for (const piece of pieces) {
    socket.write(piece);
    await turn();
  }
  await heard;
  socket.destroy();
  return answers();
}
