import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a server, by the rules of Go's programs, which kubectl is one of:
 * `HTTPS_PROXY` or `HTTP_PROXY` by the server's scheme, in either case of letters; none for this machine itself, nor for
 * what `NO_PROXY` lists (`*`, names with all below them, addresses, networks). `undefined` for none.
 */
export function proxyFor(server: URL, env: Environment): string | undefined {
  const scheme = server.protocol === 'https:' ? 'HTTPS' : 'HTTP';
  const proxy = setting(env, `${scheme}_PROXY`);
  const host = server.hostname.replaceAll(/^\[|\]$/g, '').toLowerCase();
  if (proxy === undefined || isLoopback(host)) return undefined;
  const listed = (setting(env, 'NO_PROXY') ?? '').split(',').map((one) => one.trim().toLowerCase());
  if (listed.some((one) => covers(one, host, server.port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function setting(env: Environment, name: string): string | undefined {
  const value = env[name] ?? env[name.toLowerCase()] ?? '';
  return value === '' ? undefined : value;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function covers(listed: string, host: string, port: string): boolean {
  if (listed === '' || listed === '*') return listed === '*';
  const [network = '', bits] = listed.split('/');
  if (bits !== undefined) return isWithin(host, network, Number(bits));
  const [name = '', portOnly] = isIP(listed) === 6 ? [listed] : listed.split(':');
  if (portOnly !== undefined && portOnly !== port) return false;
  const bare = name.replace(/^\*?\./, '');
  return (name === bare && host === bare) || host.endsWith(`.${bare}`);
}

function isWithin(host: string, network: string, bits: number): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const bitsMax = family === 'ipv6' ? 128 : 32;
  if (isIP(network) === 0 || isIP(host) !== isIP(network) || !(bits >= 0 && bits <= bitsMax))
    return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}
