/** The lines of a batch as its provider gets them: with the deployment's name of the model, and our line numbers as their ids. */
import { openExchange } from '../../dialects/exchange.ts';
import { BATCH_BOUNDS } from '../../domain/batches/batch.ts';
import { PackedLines } from '../../domain/batches/line-plan.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { linesOf } from '../../lib/lines-of.ts';
import { whole } from '../../lib/pieces.ts';
import { type Endpoint, walkAt } from '../endpoints/endpoint.ts';
import { FileGone } from '../files/file-store.ts';
import { type ReadLine, readLine } from './read-line.ts';
import type { Work } from './work.ts';

/** Returns the lines that are sent, one after the other. Throws FileGone if the input was deleted. */
export async function linesToSend(work: Work): Promise<AsyncIterable<Uint8Array>> {
  const { row, parts, deployment } = work;
  const key = await parts.gateway.snapshot.keyById(row.organizationId, row.keyId);
  const organization = key?.holder.config ?? null;
  const [file, lines] = await Promise.all([parts.files.find(row.organizationId, row.inputFileId), parts.store.linesOf(row)]);
  const endpoint = walkAt(row.endpoint);
  if (file === null || organization === null || lines === null || endpoint === null || deployment === null) throw new FileGone();
  return written(parts.files.read(organization, file), new PackedLines(lines.plan), endpoint, deployment);
}

/** The bytes that are collected before they are sent. */
const PART_BYTES = 256 * 1024;

async function* written(
  pieces: AsyncIterable<Buffer>,
  plan: PackedLines,
  endpoint: Endpoint,
  deployment: DeploymentConfig,
): AsyncGenerator<Uint8Array> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const { number, bytes } of linesOf(pieces, BATCH_BOUNDS.lineBytes)) {
    const line = number - 1;
    if (plan.at(line)?.is !== 'held') continue;
    const read = readLine(bytes, endpoint.path, endpoint.wire);
    if (read.is === 'bad') continue;
    const sent = lineFor(line, read, endpoint, deployment);
    parts.push(sent);
    length += sent.length;
    if (length < PART_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(parts);
}

function lineFor(line: number, { body, facts }: ReadLine, { path, wire }: Endpoint, deployment: DeploymentConfig): Buffer {
  const { upstreamBody } = openExchange({
    client: wire,
    upstream: wire,
    body,
    facts,
    upstreamModel: deployment.upstreamModel,
    outputCap: null,
    maxOutputTokens: deployment.maxOutputTokens,
    capField: deployment.outputCapField ?? null,
  });
  const head = `{"custom_id":"${line}","method":"POST","url":"${path}","body":`;
  return Buffer.concat([Buffer.from(head), whole(upstreamBody), Buffer.from('}\n')]);
}
