import { describe, expect, it } from 'vitest';

import { parseDotenv } from '../../../services/cli/config/dotenv.ts';

const values = (text: string): Record<string, string> =>
  Object.fromEntries(parseDotenv(text).entries.map(({ name, value }) => [name, value]));

describe('parseDotenv', () => {
  it.each([
    ['A=1', '1'],
    ['export A=1', '1'],
    ['  A = 1 2  ', '1 2'],
    ['A=1 # comment', '1'],
    ['A=a#b', 'a#b'],
    ['A="a # b" # c', 'a # b'],
    ["A='a # b\\n'", 'a # b\\n'],
    ['A="x\\ny\\"z\\\\"', 'x\ny"z\\'],
    ['A=$HOME ${B}', '$HOME ${B}'],
    ['A=', ''],
    ['A= # nothing', ''],
    ['A=b=c', 'b=c'],
    ['\uFEFFA=1\r\n', '1'],
  ])('reads %j', (text, value) => {
    expect(values(text)).toEqual({ A: value });
  });

  it.each(['A', 'A B=1', '1A=1', 'A="open', "A='open", '=x'])('reports the line %j', (line) => {
    expect(parseDotenv(`# ok\n\n${line}\nB=2\n`)).toMatchObject({
      entries: [{ name: 'B', value: '2', lineNumber: 4 }],
      badLineNumbers: [3],
    });
  });
});
