import { PipelineError } from '../../core/error.ts';
import { type Parameters, switchParameter, wholeParameter } from '../../core/parameter.ts';
import type { ParameterSpec } from '../../ports/step.ts';
import { PROFILE_RULES, type ProfileRules } from '../../stages/shape/profile/profile.ts';

/** The parameters by which the rules of decisions.md are configuration. */
export const RULE_PARAMETERS: readonly ParameterSpec[] = [
  {
    name: 'type-threshold',
    description: 'Share of cells that must fit for a column to take a type',
    default: String(PROFILE_RULES.typeShareMin),
  },
  {
    name: 'small-threshold',
    description: 'The share that is enough when few cells do not fit',
    default: String(PROFILE_RULES.smallShareMin),
  },
  {
    name: 'small-misfits',
    description: 'How many cells are few',
    default: String(PROFILE_RULES.misfitsMax),
  },
  {
    name: 'identifier-threshold',
    description: 'Share of whole numbers with needless zeros that makes identifiers of a column',
    default: String(PROFILE_RULES.zeroLedShareMin),
  },
  {
    name: 'header-check',
    description: 'Whether a file without header row is an error',
    default: String(PROFILE_RULES.isHeaderRequired),
  },
];

/** The rules as given; `config-invalid` for a share that is none. */
export function rulesOf(parameters: Parameters): ProfileRules {
  return {
    typeShareMin: share(parameters, 'type-threshold'),
    smallShareMin: share(parameters, 'small-threshold'),
    misfitsMax: wholeParameter(parameters, 'small-misfits', 0),
    zeroLedShareMin: share(parameters, 'identifier-threshold'),
    isHeaderRequired: switchParameter(parameters, 'header-check'),
  };
}

function share(parameters: Parameters, name: string): number {
  const text = parameters[name] ?? '';
  const value = Number(text);
  if (/^\d(?:\.\d{1,6})?$/.test(text) && value > 0 && value <= 1) return value;
  throw new PipelineError('config-invalid', `parameter ${name}="${text}" cannot be`, {
    hint: 'give a share above 0 and up to 1, for example 0.9',
  });
}
