import { expect, it } from 'vitest';
import { formatProfile } from '../../../services/cli/view/file-view.ts';
import { intake } from '../../support/intake.ts';

it('argosy files show tells the names that columns have in SQL when they differ in case alone', async () => {
  const { upload, run, summary } = intake();
  await upload('x.csv', 'Name,name,age,NAME\na,b,1,c\n');
  await run();
  const text = formatProfile(await summary('x'), { widthMax: 100 });
  expect(text).toContain('  name: in SQL it is "name_2"\n  NAME: in SQL it is "NAME_3"\n');
  expect(text).not.toMatch(/Name: in SQL|age: in SQL/);
});
