import { describe, expect, it } from 'vitest';
import { definitionWaves } from '../../services/stages/serve/definition-waves.ts';

const DATABASE = 'CREATE DATABASE IF NOT EXISTS `d`';
const table = (name: string) =>
  `CREATE EXTERNAL TABLE IF NOT EXISTS \`d\`.\`${name}\` (\n\`x\` int)`;
const alter = (name: string) => `ALTER TABLE \`d\`.\`${name}\` SET TBLPROPERTIES ('a' = 'b')`;
const view = (name: string, from: string) =>
  `CREATE OR REPLACE VIEW "d"."${name}" AS\nSELECT * FROM "d"."${from}"`;

describe('definitions', () => {
  it('run beside each other but after what they need', () => {
    const statements = [DATABASE, table('a'), alter('a'), table('b'), alter('b'), view('v', 'a'), view('w', 'v')]; // prettier-ignore
    expect(definitionWaves(statements)).toEqual([
      [DATABASE],
      [table('a'), table('b')],
      [alter('a'), alter('b')],
      [view('v', 'a')],
      [view('w', 'v')],
    ]);
  });

  it('wait for one that is not understood, and it for those before it', () => {
    const strange = 'MSCK REPAIR TABLE `d`.`a`';
    expect(definitionWaves([DATABASE, table('a'), strange, table('b')])).toEqual([
      [DATABASE],
      [table('a')],
      [strange],
      [table('b')],
    ]);
  });
});
