import { PipelineError } from '../../../core/error.ts';
import { isBlank, nextPlace, tokensOf } from './tokens.ts';

interface Macro {
  parameters: readonly string[];
  body: readonly string[];
}

/**
 * The same query with the calls of macros written out, for an engine that has none. `definitions` are statements
 * `CREATE MACRO name(a, b) AS expression;`, whose bodies may call each other. A call with another number of arguments
 * is a `bug`.
 */
export function expandMacros(sql: string, definitions: string): string {
  return expand(tokensOf(sql), macrosOf(definitions));
}

function macrosOf(definitions: string): ReadonlyMap<string, Macro> {
  const macros = new Map<string, Macro>();
  for (const statement of definitions.split(';')) {
    const match = /CREATE MACRO (\w+)\(([^)]*)\) AS\s+([^]*\S)\s*$/.exec(statement);
    const [, name = '', parameters = '', body = ''] = match ?? [];
    if (match === null) continue;
    macros.set(name, {
      parameters: parameters.split(',').map((one) => one.trim()),
      body: tokensOf(body),
    });
  }
  return macros;
}

function expand(tokens: readonly string[], macros: ReadonlyMap<string, Macro>): string {
  const written: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    const macro = macros.get(token.toLowerCase());
    const open = nextPlace(tokens, at + 1);
    if (macro === undefined || tokens[open] !== '(') {
      written.push(token);
      continue;
    }
    const { values, end } = argumentsFrom(tokens, open);
    written.push(
      call(
        token,
        macro,
        values.map((one) => expand(one, macros)),
        macros,
      ),
    );
    at = end;
  }
  return written.join('');
}

function call(
  name: string,
  { parameters, body }: Macro,
  values: readonly string[],
  macros: ReadonlyMap<string, Macro>,
): string {
  if (values.length !== parameters.length) {
    const wanted = `${parameters.length} arguments`;
    throw new PipelineError('bug', `${name} takes ${wanted} and was given ${values.length}`);
  }
  // Nested calls of the body are written out before the values are put in, which are written out already.
  const bare = tokensOf(expand(body, macros));
  return `(${bare.map((token) => valueOf(token, parameters, values) ?? token).join('')})`;
}

function valueOf(
  token: string,
  parameters: readonly string[],
  values: readonly string[],
): string | null {
  const place = parameters.indexOf(token);
  return place === -1 ? null : `(${values[place]?.trim()})`;
}

/** What stands in the brackets that open at a place, by commas, and the place where they close. */
function argumentsFrom(
  tokens: readonly string[],
  open: number,
): { values: string[][]; end: number } {
  const values: string[][] = [[]];
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    if (token === ')') depth -= 1;
    if (depth === 0 && token === ')') return { values, end: at };
    if (depth === 1 && token === ',') values.push([]);
    else if (at > open && !(isBlank(token) && token.startsWith('--'))) values.at(-1)?.push(token);
    if (token === '(') depth += 1;
  }
  throw new PipelineError('bug', 'a call in a shipped query has no closing bracket');
}
