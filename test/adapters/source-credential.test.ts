import { describe, expect, it } from 'vitest';
import { checkUrl, requireCover } from '../../services/adapters/source/guard.ts';
import { PipelineError } from '../../services/core/error.ts';

/** Whether a credential may go there; the operator named the host. */
function mayGo(text: string): boolean {
  const { host, hostname, port } = new URL(text);
  const named = new Set([port === '' ? `${hostname}:80` : host, `${hostname}:443`]);
  try {
    requireCover(checkUrl(text, named));
    return true;
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'config-invalid') return false;
    throw error;
  }
}

describe('a credential', () => {
  it.each([
    'https://api.example.com/t',
    'https://93.184.216.34/',
    'http://api/t',
    'http://localhost:8080/',
    'http://api.bank.svc/t',
    'http://api.bank.svc.cluster.local/t',
    'http://host.internal/',
    'http://127.0.0.1:9000/',
    'http://10.1.2.3/',
    'http://[::1]/',
    'http://0x7f.1/',
  ])('may go to %s', (url) => {
    expect(mayGo(url)).toBe(true);
  });

  it.each([
    'http://api.example.com/t',
    'http://93.184.216.34/',
    'http://example.com:8080/',
    'http://internal.example.com/',
    'http://api.local.example.com/',
    'http://api.svc.example.org/',
    'http://[2606:2800:220:1::1]/',
    'http://xn--e1afmkfd.xn--p1ai/',
  ])('may not go in the clear to %s', (url) => {
    expect(mayGo(url)).toBe(false);
  });
});
