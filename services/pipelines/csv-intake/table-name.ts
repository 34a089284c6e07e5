import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { FileRecord } from './summary.ts';
import { isUpload, UPLOADS } from './upload.ts';

/** What a file is called in SQL, and which file a name in SQL means. */
export interface TableNames {
  /**
   * The file that a name means; null for a name that is no file's. `input-invalid` when it could be several files',
   * `not-found` when it is written as a file's and there is none.
   */
  find(name: string): FileRecord | null;
  /** The shortest name that means this file. */
  nameOf(file: FileRecord): string;
}

type Index = ReadonlyMap<string, readonly FileRecord[]>;

/** The table of all records. */
export const FILES_TABLE = 'files';

/**
 * Files by their names in SQL: the name of a file, then the name without its ending. Case of letters matters only where
 * two names are else the same. A file that is no table keeps its names, so that no query gets the rows of another one.
 */
export function tableNames(files: readonly FileRecord[]): TableNames {
  const tiers = [
    indexBy(files, uniqueNameOf),
    indexBy(files, ({ file_name: name }) => name),
    indexBy(files, shortNameOf),
  ];
  const candidates = (name: string): readonly FileRecord[] => {
    if (name.toLowerCase() === FILES_TABLE) return [];
    const found = tiers.flatMap((tier) => {
      const alike = tier.get(name.toLowerCase());
      return alike === undefined ? [] : [alike];
    });
    const [first = []] = found;
    const exact = first.filter((file) => namesOf(file).includes(name));
    return exact.length === 1 ? exact : first;
  };
  return {
    find(name) {
      const [file, ...others] = candidates(name);
      if (file !== undefined && others.length > 0) throw ambiguous(name, [file, ...others]);
      if (file === undefined && isUpload(UPLOADS + name)) throw unknown(name);
      return file ?? null;
    },
    nameOf(file) {
      const isOwn = (name: string): boolean => {
        const [found, ...others] = candidates(name);
        return found === file && others.length === 0;
      };
      return [shortNameOf(file), file.file_name].find(isOwn) ?? uniqueNameOf(file);
    },
  };
}

/** A name that differs from those of all other files, for SQL that names two whose names differ in case alone. */
export function uniqueNameOf({ file_name: name }: FileRecord): string {
  return `${name}~${sha256(name).slice(0, 8)}`;
}

/** The error of SQL that means two files by what is one name to SQL. */
export function clashing(files: readonly FileRecord[]): PipelineError {
  return new PipelineError(
    'input-invalid',
    `to SQL, the names of ${files.map(({ file_name: name }) => name).join(' and ')} are the same`,
    { hint: `in one query, give ${files.map(uniqueNameOf).map(asTable).join(' and ')}` },
  );
}

function namesOf(file: FileRecord): string[] {
  return [uniqueNameOf(file), file.file_name, shortNameOf(file)];
}

function shortNameOf({ file_name: name }: FileRecord): string {
  return name.replace(/\.csv(?:\.gz)?$/i, '');
}

/** A name of nothing is none: SQL cannot ask for it. */
function indexBy(files: readonly FileRecord[], nameOf: (file: FileRecord) => string): Index {
  const index = new Map<string, FileRecord[]>();
  for (const file of files) {
    const name = nameOf(file).toLowerCase();
    const alike = index.get(name);
    if (alike !== undefined) alike.push(file);
    else if (name !== '') index.set(name, [file]);
  }
  return index;
}

function ambiguous(name: string, files: readonly FileRecord[]): PipelineError {
  return new PipelineError(
    'input-invalid',
    `${asTable(name)} could be ${files.map(({ file_name: one }) => one).join(' or ')}`,
    { hint: `give ${files.map(({ file_name: one }) => asTable(one)).join(' or ')}` },
  );
}

function unknown(name: string): PipelineError {
  return new PipelineError('not-found', `no file ${JSON.stringify(name)} has a record`, {
    hint: 'argosy files lists the names; argosy run csv-intake profiles what is new',
  });
}

function asTable(name: string): string {
  return `csv_intake."${name.replaceAll('"', '""')}"`;
}
