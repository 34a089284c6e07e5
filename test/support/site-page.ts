import type { Page } from 'playwright-core';
import { inPage } from './browser.ts';

interface Structure {
  levels: number[];
  unnamed: number;
  twice: string[];
  dead: number;
  landmarks: number[];
}

/** All that is wrong with the page that is open, in words; empty for one that anybody can read at its width. */
export async function pageFaults(page: Page, widthPx: number): Promise<string[]> {
  await inPage(page, 'unfold');
  const faults = await inPage<string[]>(page, 'drawingFaults');
  const width = await inPage<number>(page, 'widthOf');
  if (width > widthPx) faults.push(`it is ${width} pixels wide`);
  const { texts, faint } = await inPage<{ texts: number; faint: string[] }>(page, 'faintTexts');
  faults.push(...faint.map((one) => `faint: ${one}`));
  if (texts < 20) faults.push(`it has ${texts} texts`);
  const { levels, unnamed, twice, dead, landmarks } = await inPage<Structure>(page, 'structureOf');
  for (const [at, level] of levels.entries())
    if (level - (levels[at - 1] ?? 0) > 1) faults.push(`heading ${at} is of level ${level}`);
  if (unnamed > 0) faults.push(`${unnamed} drawings have no name`);
  if (dead > 0) faults.push(`${dead} fragments lead nowhere`);
  faults.push(...twice.map((id) => `id ${id} is there twice`));
  if (landmarks.some((count) => count !== 1)) faults.push(`landmarks: ${landmarks.join(', ')}`);
  return faults;
}
