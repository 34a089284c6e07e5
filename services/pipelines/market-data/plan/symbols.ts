import { PipelineError } from '../../../core/error.ts';

/** Letters, digits and `. ^ = -` as exchanges and the service write them; as long as the warehouse's column. */
const SYMBOL = /^[A-Z0-9^][A-Z0-9.^=-]{0,9}$/;

/** True for what can be a ticker symbol, in capitals. */
export function isSymbol(text: string): boolean {
  return SYMBOL.test(text);
}

/** Ticker symbols with commas or blanks between, in capitals, each once; `config-invalid` for what is none. */
export function symbolsOf(text: string): string[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const symbols = words.map((word) => word.toUpperCase());
  const wrong = symbols.find((symbol) => !isSymbol(symbol));
  if (wrong === undefined) return [...new Set(symbols)];
  throw new PipelineError('config-invalid', `symbol ${JSON.stringify(wrong)} cannot be`, {
    hint: 'give ticker symbols of up to 10 characters with commas between, such as IBM,BRK.B',
  });
}
