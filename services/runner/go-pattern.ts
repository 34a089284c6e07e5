import { fault } from './fault.ts';

const cache = new Map<string, RegExp>();
const CACHE_MAX = 500;
const LENGTH_MAX = 1000;

/**
 * A regular expression of Go (RE2) as one of JavaScript. Look-around and back-references, which RE2
 * does not know, are refused; so is a repeat of a repeat, which RE2 runs in linear time and
 * JavaScript may not.
 */
export function goPattern(source: string): RegExp {
  const found = cache.get(source);
  if (found !== undefined) return found;
  const pattern = compile(source);
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(source, pattern);
  return pattern;
}

function compile(source: string): RegExp {
  if (source.length > LENGTH_MAX) throw fault('error parsing regexp: expression too large');
  const lookaround = /\(\?(?:[=!]|<[=!])/.exec(source);
  if (lookaround !== null) {
    throw fault(`error parsing regexp: invalid or unsupported Perl syntax: \`${lookaround[0]}\``);
  }
  const backReference = /(?:^|[^\\])(?:\\\\)*(\\[1-9])/.exec(source);
  if (backReference !== null) {
    throw fault(`error parsing regexp: invalid escape sequence: \`${backReference[1] ?? ''}\``);
  }
  if (/[*+}]\)[*+{]/.test(source)) {
    throw fault(`a repeat of a repeat in the pattern \`${source}\` is outside the subset`);
  }
  let body = source.replaceAll('(?P<', '(?<').replaceAll('\\z', '$').replaceAll('\\A', '^');
  let flags = 'u';
  const inline = /^\(\?([ims]+)\)/.exec(body);
  if (inline !== null) {
    body = body.slice(inline[0].length);
    flags += inline[1] ?? '';
  }
  try {
    return new RegExp(body, flags);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return lenient(body, flags.slice(1), source);
  }
}

/** JavaScript's `u` refuses needless escapes (`\-`), which RE2 accepts. */
function lenient(body: string, flags: string, source: string): RegExp {
  try {
    return new RegExp(body, flags);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const why = thrown.message.split(': ').at(-1) ?? '';
    const said = why === 'Unterminated group' ? 'missing closing )' : why;
    throw fault(`error parsing regexp: ${said}: \`${source}\``);
  }
}
