import { LineCounter, isMap, isScalar, parseAllDocuments } from 'yaml';
import type { Document, Node } from 'yaml';

import { PipelineError } from '../core/error.ts';
import { TOO_LARGE, decodeOther, decodeRecord } from './decode.ts';
import type { Decoding, Problem } from './decode.ts';
import type { CronSpec, EventBindingSpec, Metadata, WorkflowSpec } from './workflow.ts';

/** The text of one workflow file and the name it goes by in messages. */
export interface WorkflowFile {
  file: string;
  text: string;
}

export type DocumentKind =
  | 'Workflow'
  | 'WorkflowTemplate'
  | 'ClusterWorkflowTemplate'
  | 'CronWorkflow';

/** A document's place, for messages. */
export interface Placed {
  file: string;
  /** Line of each field by its path from the document's root, which is the empty path. */
  lines: ReadonlyMap<string, number>;
}

/** One document of a file, checked field by field. */
export interface LoadedDocument extends Placed {
  kind: DocumentKind;
  apiVersion?: string;
  metadata: Metadata;
  spec: WorkflowSpec;
  /** The rest of a CronWorkflow's spec. */
  cron?: CronSpec;
}

/** A WorkflowEventBinding, checked field by field. */
export interface LoadedBinding extends Placed {
  apiVersion?: string;
  metadata: Metadata;
  spec: EventBindingSpec;
}

/** A document of another kind, as it is written. */
export interface OtherDocument extends Placed {
  kind: string;
  value: Readonly<Record<string, unknown>>;
}

/** Every document of the files, and what is wrong with them. */
export interface LoadedDocuments {
  documents: readonly LoadedDocument[];
  problems: readonly Problem[];
}

/** Everything that files hold which are meant to be applied together. */
export interface LoadedSet extends LoadedDocuments {
  bindings: readonly LoadedBinding[];
  others: readonly OtherDocument[];
  /** Parameters whose value is written as a number or a boolean. */
  unquoted: readonly { file: string; path: string; line: number }[];
}

const KINDS = new Set(['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow']);
/** Kinds that may stand beside a workflow and mean nothing to a run. */
const IGNORED = new Set(['WorkflowEventBinding', 'ConfigMap', 'Secret', 'ServiceAccount']);
const SIZE_CHARS_MAX = 5_000_000;

/**
 * Reads workflow files; every unknown field, wrong type and field that only a cluster can honour
 * (and that would change the result) is a problem with file and line. Use `loadDocuments` to have
 * them thrown.
 */
export function readDocuments(files: readonly WorkflowFile[]): LoadedDocuments {
  const documents: LoadedDocument[] = [];
  const problems: Problem[] = [];
  for (const file of files) readFile(file, { documents, problems });
  return { documents, problems };
}

/**
 * Reads the files of one installation, such as a rendered chart: event bindings are checked field by field too, and
 * documents of any other kind are kept as they are.
 */
export function readSet(files: readonly WorkflowFile[]): LoadedSet {
  const documents: LoadedDocument[] = [];
  const problems: Problem[] = [];
  const beside: Beside = { bindings: [], others: [], unquoted: [] };
  for (const file of files) readFile(file, { documents, problems, beside });
  return { documents, problems, ...beside };
}

/** Reads workflow files and throws `config-invalid` with all problems when there are any. */
export function loadDocuments(files: readonly WorkflowFile[]): LoadedDocuments {
  const loaded = readDocuments(files);
  if (loaded.problems.length > 0) throw problemsError(loaded.problems);
  if (loaded.documents.length === 0) {
    const names = files.map(({ file }) => file).join(', ');
    throw new PipelineError(
      'config-invalid',
      `${names}: no Workflow, WorkflowTemplate or CronWorkflow`,
      {
        hint: 'name a file that holds one of these kinds',
      },
    );
  }
  return loaded;
}

const LOCAL_HINT = 'see docs/runner.md for the fields that a local run knows';

/** The problems as one error, each with its place; `hint` when they are not of the local run alone. */
export function problemsError(problems: readonly Problem[], hint = LOCAL_HINT): PipelineError {
  const shown = problems.slice(0, 20).map(({ file, line, text }) => `${file}:${line}: ${text}`);
  const more = problems.length > shown.length ? `; and ${problems.length - shown.length} more` : '';
  return new PipelineError('config-invalid', `${shown.join('; ')}${more}`, { hint });
}

/** The words in which Argo refuses a file with these problems; `null` when there are none. */
export function refusalText(problems: readonly Problem[]): string | null {
  const first = problems.find(({ kind }) => kind !== 'unknown');
  if (first !== undefined) return first.text;
  if (problems.length === 0) return null;
  return `strict decoding error: ${problems.map(({ text }) => text).join(', ')}`;
}

/** Where the documents of a file go. Without `beside` another kind than a workflow's is refused. */
interface Into {
  documents: LoadedDocument[];
  problems: Problem[];
  beside?: Beside;
}

interface Beside {
  bindings: LoadedBinding[];
  others: OtherDocument[];
  unquoted: { file: string; path: string; line: number }[];
}

function readFile(file: WorkflowFile, into: Into): void {
  const { problems } = into;
  const problem = (line: number, text: string): void => {
    problems.push({ kind: 'syntax', file: file.file, line, text, path: '' });
  };
  if (file.text.length > SIZE_CHARS_MAX) {
    problem(1, `the file has more than ${SIZE_CHARS_MAX} characters`);
    return;
  }
  const lineCounter = new LineCounter();
  try {
    const parsed = parseAllDocuments(file.text, {
      schema: 'failsafe',
      lineCounter,
      logLevel: 'error',
    });
    for (const document of Array.isArray(parsed) ? parsed : []) {
      const error = document.errors[0];
      if (error !== undefined) {
        problem(error.linePos?.[0].line ?? 1, syntaxText(error.message));
      } else readDocument(document, { file: file.file, lineCounter, ...into });
    }
  } catch (thrown) {
    if (thrown === TOO_LARGE) return;
    // The YAML reader recurses: a file nested thousands of levels deep exhausts its stack.
    if (!(thrown instanceof RangeError)) throw thrown;
    problem(1, 'the values are nested too deep');
  }
}

/**
 * The YAML reader's words on one line. It tells an exhausted stack, from deep nesting, in
 * JavaScript's words.
 */
function syntaxText(message: string): string {
  const line = message.split('\n')[0] ?? '';
  return line.startsWith('Maximum call stack') ? 'the values are nested too deep' : line;
}

interface Reading extends Into {
  file: string;
  lineCounter: LineCounter;
}

function readDocument(document: Document, reading: Reading): void {
  const { file, lineCounter, problems, beside } = reading;
  const contents = document.contents;
  if (contents === null || (isScalar(contents) && (contents.value ?? '') === '')) return;
  const line = lineCounter.linePos(contents.range?.[0] ?? 0).line;
  const refuse = (text: string): void => {
    problems.push({ kind: 'syntax', file, line, text, path: '' });
  };
  if (!isMap(contents))
    return refuse('a workflow document must be a mapping with apiVersion, kind, spec');
  const kind = contents.get('kind');
  if (typeof kind !== 'string') return refuse('the document has no kind');
  if (beside === undefined && IGNORED.has(kind)) return;
  const lines = new Map([['', line]]);
  const unquoted: { path: string; line: number }[] = [];
  const counts = { aliases: 0, nodes: 0 };
  const state = { file, document, lineCounter, problems, lines, unquoted, ...counts };
  if (isDocumentKind(kind)) keepWorkflow(kind, contents, { state, reading });
  else if (beside === undefined) refuse(`kind ${kind} is not a workflow`);
  else if (kind === 'WorkflowEventBinding') {
    const value = decodeRecord(contents, kind, state) as DecodedBinding;
    beside.bindings.push({ metadata: {}, spec: {}, ...value, file, lines });
  } else {
    const value = decodeOther(contents, state) as Record<string, unknown>;
    beside.others.push({ kind, file, lines, value });
  }
  beside?.unquoted.push(...unquoted.map((place) => ({ file, ...place })));
}

function keepWorkflow(
  kind: DocumentKind,
  contents: Node,
  { state, reading }: { state: Decoding; reading: Reading },
): void {
  const record = kind === 'ClusterWorkflowTemplate' ? 'WorkflowTemplate' : kind;
  const decoded = decodeRecord(contents, record, state) as DecodedDocument;
  const { spec = {}, metadata = {}, apiVersion = '' } = decoded;
  const { file, lines } = state;
  const document = { kind, apiVersion, file, lines, metadata };
  if (kind !== 'CronWorkflow') {
    reading.documents.push({ ...document, spec });
    return;
  }
  const { workflowSpec, ...cron } = spec;
  reading.documents.push({ ...document, spec: workflowSpec ?? {}, cron });
}

/** The shape that decoding by the table of fields.ts has checked. */
interface DecodedDocument {
  apiVersion?: string;
  metadata?: Metadata;
  spec?: WorkflowSpec & CronSpec & { workflowSpec?: WorkflowSpec };
}

interface DecodedBinding {
  apiVersion?: string;
  metadata?: Metadata;
  spec?: EventBindingSpec;
}

function isDocumentKind(kind: string): kind is DocumentKind {
  return KINDS.has(kind);
}
