import { describe, expect, it } from 'vitest';

import {
  evaluateCondition,
  evaluateExpression,
  expressionEnv,
  namesOf,
  outsideSubset,
} from '../../services/runner/expression.ts';
import { goJson } from '../../services/runner/json-text.ts';

const env = expressionEnv(
  new Map([
    ['inputs.parameters.num', '7'],
    ['tasks.my-task.status', 'Succeeded'],
    ['tasks.list.outputs.parameters.r', '[{"name":"a","size":1},{"name":"b","size":2.5}]'],
    ['workflow.parameters', 'left out: a longer name begins with it'],
    ['workflow.parameters.who', 'ada'],
    ['retries', '2'],
  ]),
);
const json = (source: string): string => goJson(evaluateExpression(source, env));

describe('an expression', () => {
  it.each([
    ['1 + 2 * 3 ** 2', '19'],
    ['7 / 2', '3.5'],
    ['7 % 4', '3'],
    ['-2 ^ 2', '-4'],
    ['0x10 + 1_000', '1016'],
    ['1 < 2 < 3 and not (2 > 3)', 'true'],
    ['\'a\' + "b" + `c`', '"abc"'],
    ["'ab' contains 'b' && 'ab' startsWith 'a' && !('ab' endsWith 'a')", 'true'],
    ["'a1' matches '^[a-z]\\\\d$'", 'true'],
    ["'x' not in ['y', 'z']", 'true'],
    ['[1, 2, 3][-1]', '3'],
    ['[1, 2, 3][1:]', '[2,3]'],
    ['{a: 1, "b": [true, nil]}', '{"a":1,"b":[true,null]}'],
    ['1..4', '[1,2,3,4]'],
    ['true ? 1 : 2', '1'],
    ['nil ?? "x"', '"x"'],
    ["workflow.parameters['none'] ?? 'x'", '"x"'],
    ['workflow?.none?.deeper ?? 1', '1'],
    ['let x = 2; x * x', '4'],
    ['if 1 > 2 { "a" } else { "b" }', '"b"'],
    ["asInt(inputs.parameters.num) + int('3')", '10'],
    ["asFloat('1.5') * 2", '3'],
    ["tasks['my-task'].status == 'Succeeded'", 'true'],
    ['len(fromJSON(tasks.list.outputs.parameters.r))', '2'],
    ['map(fromJSON(tasks.list.outputs.parameters.r), {.size})', '[1,2.5]'],
    ['filter(1..5, # > 3)', '[4,5]'],
    ['reduce(1..4, #acc + #)', '10'],
    ['sum([1, 2.5])', '3.5'],
    ['all([1, 2], {# > 0}) && any([1, 2], {# > 1}) && none([1], {# > 1})', 'true'],
    ['sortBy([{"n": 2}, {"n": 1}], .n)', '[{"n":1},{"n":2}]'],
    ['groupBy(1..4, # % 2)["0"]', '[2,4]'],
    ['join(split("a,b", ","), "-")', '"a-b"'],
    ['string(1e21) + string(2.0)', '"1e+212"'],
    ["toJson({'b': '<', 'a': 1})", String.raw`"{\"a\":1,\"b\":\"\\u003c\"}"`],
    ['jsonpath(\'{"a":[{"b":1},{"b":2}]}\', \'$.a[*].b\')', '[1,2]'],
    ["sprig.trim(' x ') + sprig.replace('a', 'b', 'aa')", '"xbb"'],
    ["sprig.splitList(',', 'a,b')", '["a","b"]'],
    ["'a' | upper() | repeat(2)", '"AA"'],
  ])('%s is %s', (source, expected) => expect(json(source)).toBe(expected));

  it.each([
    ['workflow.parameters.who > 3', 'invalid operation: string > int (1:25)'],
    ['retries + 1', 'invalid operation: + (mismatched types string and int) (1:9)'],
    ['nothere.x', 'unknown name nothere (1:1)'],
    ['workflow.none.deeper', 'cannot fetch deeper from <nil> (1:15)'],
    ['1 +', 'unexpected token EOF (1:3)'],
    ["'open", 'literal not terminated (1:6)'],
    ['[1][5]', 'index out of range: 5 (array length is 1) (1:4)'],
    ["asInt('x')", 'invalid operation: int(x) (1:1)'],
    ['fromJSON("{")', 'unexpected end of JSON input (1:1)'],
    ['a ?? b + c', 'Operator (+) and coalesce expressions (??) cannot be mixed'],
    ["'a' matches '(?=x)'", 'invalid or unsupported Perl syntax'],
    ["'aaaa' matches '(a+)+$'", 'outside the subset'],
    ['repeat("x", 100000000)', 'memory budget exceeded'],
    ['1..100000000', 'memory budget exceeded'],
    ['now()', 'outside the subset'],
  ])('%s fails with: %s', (source, message) => {
    expect(() => evaluateExpression(source, env)).toThrow(message);
  });

  it('shows the place of a mistake on a line of its own', () => {
    expect(() => evaluateExpression(' retries > 3', env)).toThrow(
      'invalid operation: > (mismatched types string and int) (1:10)\n |  retries > 3\n | .........^',
    );
  });

  it('as a condition must be true or false', () => {
    expect(evaluateCondition("retries == '2'", env)).toBe(true);
    expect(() => evaluateCondition('retries', env)).toThrow(
      "unable to cast expression result '2' to bool",
    );
  });

  it('nested deeper than a hundred levels is refused, not followed', () => {
    expect(() => evaluateExpression('('.repeat(5000), env)).toThrow('nested too deep');
  });

  it('cannot reach what belongs to JavaScript', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(evaluateExpression(`workflow['${name}']`, env)).toBeNull();
    }
  });

  it('names what it reads, apart from what ?? guards', () => {
    expect(namesOf("tasks.a.status + (tasks['b'].x ?? '')")).toEqual([
      'tasks.a.status',
      'tasks.a',
      'tasks',
    ]);
  });

  it('outside the subset is told before it runs', () => {
    expect(outsideSubset('int(now().Unix())')).toBe('the function now');
    expect(outsideSubset('sprig.genPrivateKey("rsa")')).toBe('the function sprig.genPrivateKey');
    expect(outsideSubset('exec("ls")')).toBe('the function exec');
    expect(outsideSubset('sprig.trim(item) == toJson(1)')).toBeNull();
  });
});
