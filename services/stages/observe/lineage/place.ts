/** A dataset as OpenLineage tells two apart: which datasource, and which name in it. */
export interface PlaceName {
  namespace: string;
  name: string;
}

/** The objects below a prefix of a store, by the store's address (`s3://bucket`, `file:///folder/bucket`). */
export function objectsAt(storeUrl: string, prefix: string): PlaceName {
  const path = prefix.replace(/\/+$/, '');
  if (!storeUrl.startsWith('file:')) return { namespace: storeUrl, name: path === '' ? '/' : path };
  const folder = decodeURI(new URL(storeUrl).pathname).replace(/\/+$/, '');
  return { namespace: 'file', name: path === '' ? folder : `${folder}/${path}` };
}

/**
 * A table of a warehouse, by the warehouse's address. PostgreSQL and Redshift are named as OpenLineage's naming
 * conventions say; an embedded one is a datasource of its own, the folder that it lives in.
 */
export function tableAt(warehouseUrl: string, schema: string, table: string): PlaceName {
  if (warehouseUrl.startsWith('pglite:')) {
    return { namespace: warehouseUrl, name: `postgres.${schema}.${table}` };
  }
  const url = new URL(warehouseUrl);
  const isRedshift = url.protocol === 'redshift:';
  const database = decodeURIComponent(url.pathname.slice(1)) || 'postgres';
  const namespace = isRedshift
    ? `redshift://${clusterOf(url.hostname)}:${url.port || 5439}`
    : `postgres://${url.hostname}:${url.port || 5432}`;
  return { namespace, name: `${database}.${schema}.${table}` };
}

/** `cluster.region` of `cluster.hash.region.redshift.amazonaws.com`; any other host as it is. */
function clusterOf(host: string): string {
  const match = /^([^.]+)\.[^.]+\.([^.]+)\.redshift(?:-serverless)?\.amazonaws\.com$/.exec(host);
  return match === null ? host : `${match[1]}.${match[2]}`;
}

/**
 * What an operator named as a source, one address or more with blanks between: of an address over HTTP the host and the
 * path, without user, password, query and fragment; of a database its server. A bare key is one of the store.
 */
export function sourcesAt(
  addresses: string,
  storeUrl: string,
  database: string | null,
): PlaceName[] {
  return addresses
    .split(/\s+/)
    .filter((address) => address !== '')
    .map((address) => sourceAt(address, storeUrl, database));
}

function sourceAt(address: string, storeUrl: string, database: string | null): PlaceName {
  if (address.startsWith('postgres:') || address.startsWith('postgresql:')) {
    return database === null
      ? { namespace: 'postgres', name: 'query' }
      : { ...tableAt(database, 'public', 'query') };
  }
  if (address.startsWith('file:')) {
    const path = address.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
    return { namespace: 'file', name: path.replace(/(.)\/+$/, '$1') };
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(address) || !URL.canParse(address)) {
    return objectsAt(storeUrl, address);
  }
  const url = new URL(address);
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return { namespace: `${url.protocol}//${url.host}`, name: path === '' ? '/' : path };
}
