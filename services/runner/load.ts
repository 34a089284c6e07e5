import { LineCounter, isMap, isScalar, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';

import { PipelineError } from '../core/error.ts';
import { TOO_LARGE, decodeRecord } from './decode.ts';
import type { Decoding, Problem } from './decode.ts';
import type { Metadata, WorkflowSpec } from './workflow.ts';

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

/** One document of a file, checked field by field. */
export interface LoadedDocument {
  kind: DocumentKind;
  metadata: Metadata;
  spec: WorkflowSpec;
  file: string;
  /** Line of each field by its path from the document's root, for messages. */
  lines: ReadonlyMap<string, number>;
}

/** Every document of the files, and what is wrong with them. */
export interface LoadedDocuments {
  documents: readonly LoadedDocument[];
  problems: readonly Problem[];
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
  for (const file of files) readFile(file, documents, problems);
  return { documents, problems };
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

function readFile(file: WorkflowFile, documents: LoadedDocument[], problems: Problem[]): void {
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
      } else readDocument(document, { file: file.file, lineCounter, documents, problems });
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

interface Reading {
  file: string;
  lineCounter: LineCounter;
  documents: LoadedDocument[];
  problems: Problem[];
}

function readDocument(
  document: Document,
  { file, lineCounter, documents, problems }: Reading,
): void {
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
  if (IGNORED.has(kind)) return;
  if (!isDocumentKind(kind)) return refuse(`kind ${kind} is not a workflow`);
  const lines = new Map<string, number>();
  const state: Decoding = {
    file,
    document,
    lineCounter,
    problems,
    lines,
    aliases: 0,
    nodes: 0,
  };
  const record = kind === 'ClusterWorkflowTemplate' ? 'WorkflowTemplate' : kind;
  const value = decodeRecord(contents, record, state) as DecodedDocument;
  const spec = value.spec ?? {};
  documents.push({
    kind,
    file,
    lines,
    metadata: value.metadata ?? {},
    spec: kind === 'CronWorkflow' ? (spec.workflowSpec ?? {}) : spec,
  });
}

/** The shape that decoding by the table of fields.ts has checked. */
interface DecodedDocument {
  metadata?: Metadata;
  spec?: WorkflowSpec & { workflowSpec?: WorkflowSpec };
}

function isDocumentKind(kind: string): kind is DocumentKind {
  return KINDS.has(kind);
}
