import type { Command } from 'commander';

/** For a flag that may stand several times: its values in order. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

/** Examples below a command's `--help`. */
export function example(command: Command, ...lines: string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}
