import { tagsOf } from './expression.ts';
import type { Parameter } from '../workflow.ts';

/** A text whose tags are parameters with defaults, filled in; `null` when it holds another tag. */
export function filledIn(text: string, parameters: readonly Parameter[]): string | null {
  let known = true;
  const filled = text.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => {
    const value = parameters.find((one) => `workflow.parameters.${one.name}` === name)?.value;
    if (value === undefined || value.includes('{{')) known = false;
    return value ?? '';
  });
  return known && tagsOf(filled).length === 0 ? filled : null;
}
