import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LINT_RULES } from '../../services/runner/lint/rule.ts';
import { FAULTS } from './lint/planted.ts';

const DOCS = readFileSync(fileURLToPath(new URL('../../docs/lint.md', import.meta.url)), 'utf8');

it('docs/lint.md says of every rule once what it finds', () => {
  const rows = [...DOCS.matchAll(/^\| `([a-z-]+)` \| .{5,} \| .+ \|$/gm)].map(([, rule]) => rule);
  expect(new Set(rows)).toEqual(new Set(Object.keys(LINT_RULES)));
  expect(rows).toHaveLength(Object.keys(LINT_RULES).length);
});

it('docs/lint.md counts the planted faults rightly', () => {
  expect(DOCS).toContain(`(\`test/runner/lint/faults.yaml\`, ${FAULTS.length} of them)`);
});
