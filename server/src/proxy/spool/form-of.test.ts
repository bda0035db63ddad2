import { expect, test } from 'vitest';
import type { GatewayRequest } from '../../http/request-reply.ts';
import { Pieces, StreamedBytes } from '../../lib/pieces.ts';
import type { FormFile, SpooledForm } from '../../lib/spool/spooled-form.ts';
import { contentOf, formOf } from './form-of.ts';

const FORM =
  '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--b--';

function requestWith(more: Partial<GatewayRequest>, headers: Readonly<Record<string, string>> = {}): GatewayRequest {
  const all: Readonly<Record<string, string>> = { 'content-type': 'multipart/form-data; boundary=b', ...headers };
  return {
    ...{ method: 'POST', path: '/', query: '', rawHeaders: [], remoteAddress: '', startedMs: 0, body: Buffer.alloc(0) },
    header: (name) => all[name],
    ...more,
  };
}

async function textOf(file: FormFile | undefined): Promise<string> {
  let text = '';
  for await (const piece of contentOf(file as FormFile)) text += piece.toString();
  return text;
}

test('a form in memory, in one piece or in several, and one in the spool are read in the same way', async () => {
  const spooled: SpooledForm = {
    fields: { purpose: 'batch' },
    files: [
      {
        ...{ field: 'file', filename: 'a', contentType: 'application/octet-stream' },
        bytes: new StreamedBytes(5, async function* () {
          yield Buffer.from('hel');
          yield Buffer.from('lo');
        }),
      },
    ],
    length: FORM.length,
    close: () => {},
  };
  const pieces = new Pieces([Buffer.from(FORM.slice(0, 50)), Buffer.from(FORM.slice(50))]);
  for (const request of [{ body: Buffer.from(FORM) }, { body: pieces }, { form: spooled }]) {
    const form = formOf(requestWith(request));
    expect([{ ...form.fields }, form.length, form.files.length]).toEqual([{ purpose: 'batch' }, FORM.length, 1]);
    expect([form.files[0]?.filename, form.files[0]?.bytes.length]).toEqual(['a', 5]);
    expect([await textOf(form.files[0]), await textOf(form.files[0])]).toEqual(['hello', 'hello']);
  }
});

test.each([
  [{ body: Buffer.from('{}') }, { 'content-type': 'application/json' }, 'invalid_request'],
  [{ body: Buffer.from(FORM.slice(0, -2)) }, {}, 'invalid_request'],
  [{ body: Buffer.from(FORM) }, { 'content-encoding': 'gzip' }, 'unsupported_media_type'],
])('a body that is no plain form is refused: %j %j', (request, headers, code) => {
  expect(() => formOf(requestWith(request, headers))).toThrow(expect.objectContaining({ code }));
});
