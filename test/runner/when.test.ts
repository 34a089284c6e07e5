import { describe, expect, it } from 'vitest';

import { shouldExecute } from '../../services/runner/when.ts';

describe('a when', () => {
  it.each([
    ['', true],
    ['true', true],
    ['10 == 10.0', true],
    ['-1 < 0', true],
    ["'10' == 10", false],
    ["'9' < '10'", false],
    ["heads == 'heads'", true],
    ['Heads == heads', false],
    ['2 - 1 - 1 == 0', true],
    ['2 + 3 * 2 == 8', true],
    ['8 / 2 / 2 == 2', true],
    ['!(1 > 2) && (true || false)', true],
    ['false && (1 > a)', false],
    ['true || (1 > a)', true],
    ["'abcd' =~ 'bc' && 'abcd' !~ '^x'", true],
    ["x in ('x', 'y')", true],
    ["z in ('x', 'y')", false],
    ['0xff == 255', true],
    ['true ? true : false', true],
    ["'2026-01-05' == '2026-01-05T00:00:00Z'", true],
    ['[any thing] == "any thing"', true],
    [String.raw`'it\'s' == "it\'s"`, true],
  ])('%s is %s', (when, expected) => expect(shouldExecute(when)).toBe(expected));

  it.each([
    ['two words == x', 'Cannot transition token types from VARIABLE [two] to VARIABLE [words]'],
    ['a - b == c', "Value 'a' cannot be used with the modifier '-', it is not a number"],
    ["3 > 'x'", "Value '3' cannot be used with the comparator '>', it is not a number"],
    ['1 == ', 'Unexpected end of expression'],
    ['(1 == 1', 'Unbalanced parenthesis'],
    ["'open", 'Unclosed string literal'],
    ['a.b == 1', "Unable to access unexported field 'b' in token 'a.b'"],
    ['1 # 2', "Invalid token: '#' (hint"],
    ['f(1)', 'Undefined function f'],
    ['1.2.3 == 1', "Unable to parse numeric value '1.2.3' to float64"],
    ['!foo', 'Cannot transition token types from PREFIX [!] to STRING [foo]'],
    ['1 + 1', "Expected boolean evaluation for '1 + 1'. Got 2"],
  ])('%s fails with: %s', (when, message) => expect(() => shouldExecute(when)).toThrow(message));
});
