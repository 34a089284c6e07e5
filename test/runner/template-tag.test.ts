import { describe, expect, it } from 'vitest';

import { replaceIn, replaceTags } from '../../services/runner/template-tag.ts';
import { layered } from '../../services/runner/variables.ts';

const variables = layered(
  new Map<string, string | null>([
    ['workflow.name', 'run'],
    ['inputs.parameters.x', 'a "quoted"\nline {{workflow.name}}'],
    ['tasks.a.outputs.parameters.gone', null],
    ['which', 'workflow.name'],
  ]),
);

describe('tags', () => {
  it('are replaced escaped and once', () => {
    const value = { text: '[{{ inputs.parameters.x }}] {{workflow.name}}' };
    expect(replaceIn(value, variables, 'keep')).toEqual({
      text: '[a "quoted"\nline {{workflow.name}}] run',
    });
  });

  it('that stand for nothing stay, or are refused where the place is strict', () => {
    expect(replaceIn('{{no.such}} {{}} {{ }}', variables, 'keep')).toBe('{{no.such}} {{}} {{ }}');
    expect(() => replaceIn('{{no.such}}', variables, 'refuse')).toThrow(
      'failed to resolve {{no.such}}',
    );
    expect(() => replaceIn('{{tasks.z.id}}', variables, ['tasks'])).toThrow('failed to resolve');
    expect(replaceIn('{{tasksz.id}}', variables, ['tasks'])).toBe('{{tasksz.id}}');
  });

  it('of an absent output are a fault everywhere', () => {
    expect(() => replaceIn('{{tasks.a.outputs.parameters.gone}}', variables, 'keep')).toThrow(
      'unable to substitute {{tasks.a.outputs.parameters.gone}}: output is an absent optional',
    );
  });

  it('inside tags are replaced first', () => {
    expect(replaceIn('{{{{which}}}}', variables, 'keep')).toBe('{{{{which}}}}');
    expect(replaceIn('{{the.{{which}}}}', variables, 'keep')).toBe('{{the.workflow.name}}');
  });

  it('with an expression put in text, numbers and JSON', () => {
    expect(replaceIn('{{=1 + 1}} {{=[1, "<"]}} {{=workflow.name + "!"}}', variables, 'keep')).toBe(
      '2 [1,"\\u003c"] run!',
    );
  });

  it('with an expression wait for variables that come later', () => {
    expect(replaceIn('{{=item + 1}}', variables, 'keep')).toBe('{{=item + 1}}');
    expect(replaceIn("{{=tasks.a.outputs.parameters.gone ?? 'x'}}", variables, ['tasks'])).toBe(
      'x',
    );
    expect(() => replaceIn('{{=tasks.b.status}}', variables, ['tasks'])).toThrow(
      'tasks.b.status is missing',
    );
  });

  it('that are not closed are a fault', () => {
    expect(() => replaceTags('"{{open"', variables, 'keep')).toThrow('Cannot find end tag="}}"');
  });

  it('whose value JSON cannot hold are a fault', () => {
    const bell = layered(new Map([['x', '\u0007']]));
    expect(() => replaceIn('{{x}}', bell, 'keep')).toThrow('the result was invalid JSON');
  });
});
