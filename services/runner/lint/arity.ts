/** Names and how many arguments they take, as `least` or `least-most`; `3+` has no bound. */
const BUILTINS = `len:1 type:1 abs:1 ceil:1 floor:1 round:1 int:1 float:1 string:1 trim:1-2 trimPrefix:1-2
  trimSuffix:1-2 upper:1 lower:1 split:2-3 splitAfter:2-3 replace:3-4 repeat:2 join:1-2 indexOf:2 lastIndexOf:2
  hasPrefix:2 hasSuffix:2 max:1+ min:1+ mean:1+ median:1+ toJSON:1 fromJSON:1 toBase64:1 fromBase64:1 first:1 last:1
  get:2 take:2 keys:1 values:1 toPairs:1 fromPairs:1 reverse:1 uniq:1 concat:1+ flatten:1 sort:1-2 now:0-1 duration:1
  date:1-3 timezone:1 bitand:2 bitor:2 bitxor:2 bitnand:2 bitshl:2 bitshr:2 bitushr:2 bitnot:1
  asInt:1 asFloat:1 toJson:1 jsonpath:2`;
const SPRIG = `upper:1 lower:1 title:1 untitle:1 trim:1 nospace:1 trimAll:2 trimPrefix:2 trimSuffix:2 repeat:2
  substr:3 trunc:2 replace:3 contains:2 hasPrefix:2 hasSuffix:2 indent:2 snakecase:1 kebabcase:1 splitList:2 split:2
  join:2 sortAlpha:1 regexMatch:2 regexFind:2 regexReplaceAll:3 atoi:1 int:1 int64:1 float64:1 toString:1 toStrings:1
  add1:1 sub:2 div:2 mod:2 floor:1 ceil:1 round:2-3 until:1 untilStep:3 empty:1 ternary:3 first:1 last:1 rest:1
  initial:1 append:2 prepend:2 reverse:1 compact:1 uniq:1 has:2 get:2 hasKey:2 toJson:1 fromJson:1 b64enc:1 b64dec:1
  sha256sum:1 sha1sum:1 default:1-2`;

interface Arity {
  least: number;
  most: number;
}

function table(text: string): ReadonlyMap<string, Arity> {
  return new Map(
    text.split(/\s+/).map((entry) => {
      const [name = '', counts = ''] = entry.split(':');
      const [least = '', most = least] = counts.replace('+', '-Infinity').split('-');
      return [name, { least: Number(least), most: Number(most) }];
    }),
  );
}

const builtins = table(BUILTINS);
const sprig = table(SPRIG);

/** What is wrong with the number of arguments of a call, in words; `null` when nothing is, or when it is not known. */
export function arityFault(name: string, count: number): string | null {
  const arity = name.startsWith('sprig.')
    ? sprig.get(name.slice('sprig.'.length))
    : builtins.get(name);
  if (arity === undefined || (count >= arity.least && count <= arity.most)) return null;
  const { least, most } = arity;
  const wanted = least === most ? String(least) : `${least} to ${most === Infinity ? 'any' : most}`;
  return `${name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`;
}
