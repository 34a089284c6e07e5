import { quoteIdentifier, quoteTable, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';

const TYPES: Readonly<Record<string, string>> = {
  string: 'varchar',
  int: 'integer',
  timestamp: 'timestamp(6)',
};

const HEAD =
  /^CREATE EXTERNAL TABLE IF NOT EXISTS `(\w+)`\.`([^`]+)` \(\n([^]*?)\n\)\nCOMMENT ('.*')\n/;
const COLUMN = /`([^`]+)` ([a-z]+(?:\(\d+,\d+\))?)(?: COMMENT ('(?:[^'\\]|\\.)*'))?/g;
const PROPERTY = /'([^']+)' = '([^']*)'/g;

/**
 * Athena's definition as Trino's Hive connector takes it: databases are schemas, and properties of a table are words of
 * its WITH. What sets properties of a table that is there is empty. Trino's SQL has no word for a table of lists of
 * objects: what this says of such a table is true but for its storage format, which its metastore has to hold
 * (`isLinked`). A statement of another form than `athenaDdl` writes is a `bug`.
 */
export function trinoDdl(athena: string): { sql: string; isLinked: boolean } {
  const isLinked = athena.includes('SymlinkTextInputFormat');
  if (athena.startsWith('CREATE DATABASE'))
    return { sql: athena.replace('DATABASE', 'SCHEMA').replaceAll('`', '"'), isLinked };
  if (athena.startsWith('CREATE OR REPLACE VIEW')) return { sql: athena, isLinked };
  if (athena.startsWith('DROP TABLE')) return { sql: athena.replaceAll('`', '"'), isLinked };
  if (athena.startsWith('ALTER TABLE')) return { sql: '', isLinked };
  const head = HEAD.exec(athena);
  if (head === null)
    throw new PipelineError('bug', `not a definition of ours: ${athena.slice(0, 80)}`);
  const [whole, schema = '', name = '', columns = '', comment = ''] = head;
  return {
    sql: tableSql({ schema, name, columns, comment, rest: athena.slice(whole.length) }),
    isLinked,
  };
}

function tableSql(table: {
  schema: string;
  name: string;
  columns: string;
  comment: string;
  rest: string;
}): string {
  const { schema, name, columns, comment, rest } = table;
  const parted = /^PARTITIONED BY \((.*)\)$/m.exec(rest)?.[1] ?? '';
  const properties = new Map(
    Array.from(rest.matchAll(PROPERTY), ([, key = '', value = '']) => [key, value]),
  );
  const partitions = columnsIn(parted);
  const lines = [...columnsIn(columns), ...partitions].map((one) => columnLine(one, properties));
  const names = partitions.map((one) => quoteText(one.name)).join(', ');
  const template = properties.get('storage.location.template');
  const settings = [
    `external_location = ${quoteText(/^LOCATION '(.*)'$/m.exec(rest)?.[1] ?? '')}`,
    `format = 'PARQUET'`,
    ...(partitions.length === 0 ? [] : [`partitioned_by = ARRAY[${names}]`]),
    ...(template === undefined
      ? []
      : [
          'partition_projection_enabled = true',
          `partition_projection_location_template = ${quoteText(template)}`,
        ]),
  ];
  return [
    `CREATE TABLE IF NOT EXISTS ${quoteTable(`${schema}.${name}`)} (\n  ${lines.join(',\n  ')}\n)`,
    `COMMENT ${quoteText(plainText(comment))}`,
    `WITH (\n  ${settings.join(',\n  ')}\n)`,
  ].join('\n');
}

interface ColumnText {
  name: string;
  type: string;
  comment: string | undefined;
}

function columnsIn(text: string): ColumnText[] {
  return Array.from(text.matchAll(COLUMN), ([, name = '', type = '', comment]) => ({
    name,
    type: TYPES[type] ?? type,
    comment,
  }));
}

function columnLine(
  { name, type, comment }: ColumnText,
  properties: ReadonlyMap<string, string>,
): string {
  const range = properties.get(`projection.${name}.range`);
  const said = comment === undefined ? '' : ` COMMENT ${quoteText(plainText(comment))}`;
  const projected =
    range === undefined
      ? ''
      : ` WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY[${range.split(',').map(quoteText).join(', ')}])`;
  return `${quoteIdentifier(name)} ${type}${said}${projected}`;
}

/** A text of Hive's grammar without its quotes. */
function plainText(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}
