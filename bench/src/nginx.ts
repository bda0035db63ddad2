/** nginx as an upstream whose answers cost almost nothing, and as the yardstick: a reverse proxy with keep-alive upstreams. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jsonAnswerBody } from './exchange.ts';
import { onGatewayCore, startProcess } from './machine.ts';

export interface Nginx {
  readonly base: string;
  readonly pid: number;
}

/** Answers every POST with the answer of 987 bytes. */
export function startJsonUpstream(port: number): Nginx {
  return start(
    port,
    `location / { default_type application/json; return 200 '${jsonAnswerBody}'; }
     location = /served { stub_status; }`,
    (command) => [...command],
  );
}

/** Starts a proxy on the gateways' core: /json to one upstream and /stream, unbuffered, to the other. */
export function startYardstick(port: number, upstreams: { json: number; stream: number }): Nginx {
  const location = (name: 'json' | 'stream') =>
    `location /${name}/ { proxy_pass http://${name}/v1/; proxy_buffering ${name === 'json' ? 'on' : 'off'}; }`;
  const upstream = (name: 'json' | 'stream') =>
    `upstream ${name} { server 127.0.0.1:${upstreams[name]}; keepalive 1024; keepalive_requests 100000000; }`;
  return start(port, `${location('json')} ${location('stream')}`, onGatewayCore, `${upstream('json')} ${upstream('stream')}`);
}

function start(
  port: number,
  locations: string,
  pinned: (command: readonly string[]) => readonly string[],
  upstreams = '',
): Nginx {
  const home = mkdtempSync(path.join(tmpdir(), 'headgate-bench-nginx-'));
  mkdirSync(path.join(home, 'temp'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp/${name};`).join(' ');
  writeFileSync(
    path.join(home, 'nginx.conf'),
    `daemon off; master_process off; pid nginx.pid; error_log error.log;
     events { worker_connections 8192; }
     http {
       access_log off; ${temp}
       keepalive_requests 100000000; keepalive_timeout 600s; client_body_buffer_size 64k;
       proxy_http_version 1.1; proxy_set_header Connection ''; proxy_read_timeout 600s;
       ${upstreams}
       server { listen 127.0.0.1:${port} backlog=4096; ${locations} }
     }`,
  );
  const child = startProcess(pinned(['nginx', '-p', home, '-c', 'nginx.conf']));
  return { base: `http://127.0.0.1:${port}`, pid: child.pid ?? -1 };
}
