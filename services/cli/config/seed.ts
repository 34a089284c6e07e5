import type { SettingName } from './schema.ts';
import type { ConfigSource, Given } from './source.ts';

/**
 * Names that the original systems used for one setting each (requirements 2 and 4); ours win over
 * them.
 */
const SAME_MEANING: Readonly<Partial<Record<SettingName, string>>> = {
  ARGOSY_MARKET_API_KEY: 'MARKET_API_KEY',
  ARGOSY_MARKET_SYMBOLS: 'MARKET_SYMBOLS',
  ARGOSY_REDSHIFT_IAM_ROLE_ARN: 'REDSHIFT_IAM_ROLE_ARN',
  ARGOSY_BUCKET_MARKET_DATA: 'S3_BUCKET_NAME',
};

/** What an original name gives for the setting; `undefined` when none of them is set. */
export function seedSetting(name: SettingName, source: ConfigSource): Given | undefined {
  if (name === 'ARGOSY_WAREHOUSE') return seedWarehouse(source);
  const seedName = SAME_MEANING[name];
  return seedName === undefined ? undefined : source.findSecret(seedName);
}

/** `REDSHIFT_HOST` and its like, or `DB_HOST` and its like, as one address. */
function seedWarehouse(source: ConfigSource): Given | undefined {
  const redshift = source.find('REDSHIFT_HOST');
  const postgres = source.find('DB_HOST');
  if (redshift !== undefined && postgres !== undefined) {
    source.problems.push(
      'REDSHIFT_HOST and DB_HOST both name a warehouse: say which one by ARGOSY_WAREHOUSE',
    );
  }
  if (redshift !== undefined) {
    return given(redshift, source.findSecret('REDSHIFT_PASSWORD'), {
      scheme: 'redshift',
      port: source.find('REDSHIFT_PORT')?.text ?? '5439',
      database: source.find('REDSHIFT_DB')?.text ?? 'dev',
      user: source.find('REDSHIFT_USER')?.text ?? 'awsuser',
    });
  }
  if (postgres === undefined) return undefined;
  return given(postgres, source.findSecret('DB_PASSWORD'), {
    scheme: 'postgres',
    port: source.find('DB_PORT')?.text ?? '5432',
    database: source.find('DB_NAME')?.text ?? 'etl_db',
    user: source.find('DB_USER')?.text ?? 'etl_user',
  });
}

interface AddressParts {
  scheme: 'redshift' | 'postgres';
  port: string;
  database: string;
  user: string;
}

function given(host: Given, password: Given | undefined, parts: AddressParts): Given {
  const user = encodeURIComponent(parts.user);
  const login = password === undefined ? user : `${user}:${encodeURIComponent(password.text)}`;
  const place = `${host.text}:${parts.port}/${encodeURIComponent(parts.database)}`;
  return { ...host, text: `${parts.scheme}://${login}@${place}` };
}
