import { readFileSync } from 'node:fs';

import { parseDotenv } from './dotenv.ts';

/** A text given for a setting, and who gave it. */
export interface Given {
  /** The name under which it was given: its own, or an older one with the same meaning. */
  name: string;
  text: string;
  /** For people: `--store`, `environment`, `.env line 3`, `file /run/secrets/key`, `default`. */
  origin: string;
}

/** What the outside says, in one place: flags win over the environment, and that over `.env`. */
export interface ConfigSource {
  /** The text given under this name; `undefined` when there is none or it is empty. */
  find(name: string): Given | undefined;
  /**
   * As `find`, and also looks for the name of a file in `NAME_FILE`. The file's last line end is
   * dropped.
   */
  findSecret(name: string): Given | undefined;
  /** Every name given that begins with the prefix. */
  namesWith(prefix: string): Given[];
  /** What could not be read; grows with `findSecret`. */
  problems: string[];
}

/** The name of the flag that sets a setting: `ARGOSY_LOG_LEVEL` is `--log-level`. */
export function flagOf(name: string): string {
  return `--${name
    .replace(/^ARGOSY_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`;
}

/** The setting that a flag sets, from `logLevel`, `log-level` or the setting's own name. */
export function settingOfFlag(flag: string): string {
  if (flag.startsWith('ARGOSY_')) return flag;
  const words = flag.replace(/^--/, '').replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return `ARGOSY_${words.replaceAll('-', '_').toUpperCase()}`;
}

export interface ConfigSourceOptions {
  /**
   * By flag as commander gives it (`logLevel`), as written (`log-level`), or by the setting's name.
   */
  flags: Readonly<Record<string, string | undefined>>;
  env: Readonly<Record<string, string | undefined>>;
  dotenvText: string | undefined;
}

/** Puts flags, environment and `.env` in their order. An empty text counts as not given. */
export function configSource(options: ConfigSourceOptions): ConfigSource {
  const layers = [flagLayer(options.flags), envLayer(options.env)];
  const { layer, problems } = dotenvLayer(options.dotenvText ?? '');
  layers.push(layer);

  const find = (name: string): Given | undefined => {
    for (const each of layers) if (each.has(name)) return each.get(name);
    return undefined;
  };
  const findSecret = (name: string): Given | undefined => {
    for (const each of layers) {
      const [own, file] = [each.get(name), each.get(`${name}_FILE`)];
      if (own !== undefined && file !== undefined) {
        problems.push(`${name} and ${name}_FILE are both given (${own.origin}): take one out`);
      }
      if (own !== undefined) return own;
      if (file !== undefined) return readSecretFile(name, file, problems);
    }
    return undefined;
  };
  const namesWith = (prefix: string): Given[] =>
    layers.flatMap((each) => [...each.values()].filter(({ name }) => name.startsWith(prefix)));

  return { find, findSecret, namesWith, problems };
}

type Layer = Map<string, Given>;

function flagLayer(flags: ConfigSourceOptions['flags']): Layer {
  const layer: Layer = new Map();
  for (const [flag, text] of Object.entries(flags)) {
    const name = settingOfFlag(flag);
    if (text !== undefined) layer.set(name, { name, text, origin: flagOf(name) });
  }
  return layer;
}

function envLayer(env: ConfigSourceOptions['env']): Layer {
  const layer: Layer = new Map();
  for (const [name, text] of Object.entries(env)) {
    if (text !== undefined && text !== '') layer.set(name, { name, text, origin: 'environment' });
  }
  return layer;
}

function dotenvLayer(text: string): { layer: Layer; problems: string[] } {
  const layer: Layer = new Map();
  const { entries, badLineNumbers } = parseDotenv(text);
  for (const { name, value, lineNumber } of entries) {
    if (value === '') layer.delete(name);
    else layer.set(name, { name, text: value, origin: `.env line ${lineNumber}` });
  }
  const problems = badLineNumbers.map((lineNumber) => `.env line ${lineNumber} is not NAME=value`);
  return { layer, problems };
}

function readSecretFile(name: string, file: Given, problems: string[]): Given | undefined {
  try {
    const text = readFileSync(file.text, 'utf8').replace(/\r?\n$/, '');
    if (text !== '') return { name, text, origin: `file ${file.text}` };
    problems.push(`${file.name} (${file.origin}): ${file.text} is empty`);
  } catch (error) {
    // Reported together with all other wrong settings, so that one run shows them all.
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    problems.push(`${file.name} (${file.origin}): ${file.text} cannot be read (${reason})`);
  }
  return undefined;
}
